import { fileURLToPath } from 'node:url';
import { startChild } from '../../stack/child.ts';
import { inRounds, type Stage } from '../entrant.ts';
import { startPostern } from '../places/postern.ts';
import { residentBytes } from '../resident.ts';
import { rateOnce } from './rate-once.ts';

const PROGRAM = fileURLToPath(new URL('../programs/light-agents.ts', import.meta.url));
const AT_ONCE = 32;
const CONNECT_AT_ONCE = 16;

/** One agent, and a thousand over which the same load is spread. The agents are light ones, all in one process. */
export async function runAgents(stage: Stage): Promise<void> {
  const { settings, upstreamPort, book, say } = stage;
  const counts = settings.quick ? [1, 20] : [1, 1_000];
  const { stack } = await startPostern('push', upstreamPort);
  const groups: { readonly name: string; readonly urls: readonly string[]; stop(): Promise<unknown> }[] = [];
  try {
    for (const count of counts) {
      say(`agents: opening ${count}`);
      const startedAt = performance.now();
      const child = startChild([PROGRAM, stack.websocket, String(count), String(CONNECT_AT_ONCE)]);
      child.process.stdout?.resume();
      groups.push({ name: agentsName(count), urls: await child.first<string[]>(), stop: child.stop });
      book.add('agents', agentsName(count), 'seconds to open', (performance.now() - startedAt) / 1_000);
      const bytes = await residentBytes(stack.pid);
      if (bytes !== undefined) book.add('agents', agentsName(count), 'server MB', bytes / 1e6);
    }
    await inRounds(stage, 'agents', groups, ({ name, urls }, counted) =>
      rateOnce(stage, { scene: 'agents', name, urls, atOnce: AT_ONCE, counts: counted }),
    );
  } catch (error) {
    book.fail('agents', 'all', error instanceof Error ? error.message : String(error));
  } finally {
    for (const { stop } of groups) await stop();
    await stack.stop();
  }
}

function agentsName(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}
