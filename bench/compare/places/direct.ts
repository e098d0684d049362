import type { StartDesign } from '../design.ts';
import { DIRECT } from '../names.ts';

/** No tunnel: what the load and the upstream can do by themselves. */
export const startDirect: StartDesign = async (upstreamPort) => ({
  name: DIRECT,
  open: async () => ({ url: `http://127.0.0.1:${upstreamPort}`, stop: async () => {} }),
  stop: async () => {},
});
