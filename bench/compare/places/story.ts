import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../test/support/free-port.ts';
import { startChild } from '../../stack/child.ts';
import type { StartDesign } from '../design.ts';
import { STORY } from '../names.ts';
import { startProgram } from '../program.ts';

const SERVICE = fileURLToPath(new URL('../../story', import.meta.url));
const TABLES = fileURLToPath(new URL('../programs/story-tables.ts', import.meta.url));
const AGENT = fileURLToPath(new URL('../programs/plain-agent.ts', import.meta.url));
const SLS = join(dirname(createRequire(import.meta.url).resolve('serverless/package.json')), 'bin/serverless.js');

/** The debugging story's design (`bench/story`) on serverless-offline. */
export const startStory: StartDesign = async (upstreamPort) => {
  const [http, websocket, lambda, database] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const tables = startChild([TABLES, String(database)]);
  await tables.first();
  const ports = ['--httpPort', http, '--websocketPort', websocket, '--lambdaPort', lambda].map(String);
  const offline = await startProgram(process.execPath, [SLS, 'offline', '--noSponsor', ...ports], {
    // The last of its servers to say so.
    ready: /Server ready/,
    cwd: SERVICE,
    environment: {
      STORY_WEBSOCKET: `http://localhost:${websocket}`,
      STORY_PUBLIC_URL: `http://localhost:${http}`,
      STORY_DYNAMODB: `http://127.0.0.1:${database}`,
    },
  });
  return {
    name: STORY,
    server: offline.pid,
    environments: true,
    async open() {
      const args = ['--import', 'tsx', AGENT, `ws://localhost:${websocket}`, String(upstreamPort)];
      const { pid, said, stop } = await startProgram(process.execPath, args, { ready: /online (\S+)/ });
      return { url: said[1] ?? '', agent: pid, stop };
    },
    async stop() {
      await offline.stop();
      await tables.stop();
    },
  };
};
