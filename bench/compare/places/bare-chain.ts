import { fileURLToPath } from 'node:url';
import { startChild } from '../../stack/child.ts';
import type { StartDesign } from '../design.ts';
import { CHAIN } from '../names.ts';
import { startProgram } from '../program.ts';

const SERVER = fileURLToPath(new URL('../programs/chain.ts', import.meta.url));
const AGENT = fileURLToPath(new URL('../programs/plain-agent.ts', import.meta.url));

/** The same hops in bare Node: see `programs/chain.ts`. */
export const startBareChain: StartDesign = async (upstreamPort) => {
  const chain = startChild([SERVER]);
  const endpoint = await chain.first<string>();
  return {
    name: CHAIN,
    ...(chain.process.pid !== undefined && { server: chain.process.pid }),
    async open() {
      const args = ['--import', 'tsx', AGENT, endpoint, String(upstreamPort)];
      const { pid, said, stop } = await startProgram(process.execPath, args, { ready: /online (\S+)/ });
      return { url: said[1] ?? '', agent: pid, stop };
    },
    async stop() {
      await chain.stop();
    },
  };
};
