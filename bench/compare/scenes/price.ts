import { USUAL_LOAD } from '../../../agent/cli/cost-load.ts';
import { estimateStory } from '../../../agent/cli/cost-story.ts';
import { priceOf, type Usage } from '../../../src/prices.ts';
import type { Stage } from '../entrant.ts';
import { isProblem } from '../load.ts';
import { STORY, STREAM } from '../names.ts';
import { atDoor, openTunnel, startPostern } from '../places/postern.ts';

/** Text answers, by size; the first as small as an answer is. */
export const PRICED = [
  { size: 'small', bytes: 200 },
  { size: '4 KB', bytes: 4_096 },
  { size: '100 KB', bytes: 102_400 },
  { size: '1 MB', bytes: 1_048_576 },
] as const;

/**
 * What AWS would bill, by the emulator's meter. With the delays of `--latency aws`, as a function that waits is paid for; the
 * first requests, which are cold, and what the connection costs by the minute are not in it.
 */
export async function runPrice(stage: Stage): Promise<void> {
  const { book, load, upstreamPort, settings, say } = stage;
  const count = settings.quick ? 2 : 20;
  for (const { size, bytes } of PRICED) note(size, STORY, storyUsage(bytes));
  for (const rendezvous of ['poll', 'push'] as const) {
    const { stack, design } = await startPostern(rendezvous, upstreamPort, 'aws');
    const tunnel = await openTunnel(stack.websocket, upstreamPort);
    try {
      const doors = [{ name: design.name, url: tunnel.url }];
      if (rendezvous === 'push' && stack.streaming)
        doors.push({ name: STREAM, url: atDoor(stack.streaming, tunnel.url) });
      for (const { name, url } of doors) {
        for (const { size, bytes } of PRICED) {
          say(`price: ${name}, ${size}`);
          const ask = () => load.text(url, bytes, count);
          await ask();
          await stack.resetMeter();
          const asked = await ask();
          if (isProblem(asked)) {
            book.fail(`price ${size}`, name, asked.problem);
            continue;
          }
          const { usage, requests } = await stack.meter();
          note(size, name, perRequest({ ...usage, connectionMinutes: 0 }, requests));
        }
      }
    } catch (error) {
      book.fail('price small', design.name, error instanceof Error ? error.message : String(error));
    } finally {
      await tunnel.stop();
      await stack.stop();
    }
  }

  function note(size: string, design: string, usage: Usage): void {
    const add = (quantity: string, value: number) => book.add(`price ${size}`, design, quantity, value);
    add('µ$', priceOf(usage));
    add('HTTP requests', usage.httpRequests);
    add('messages', usage.messages);
    add('invocations', usage.invocations);
    add('GB-ms', usage.arm64GbMs);
    add('write units', usage.writeUnits);
    add('read units', usage.readUnits);
    add('egress KB', usage.egressBytes / 1_024);
  }
}

/** Counted as `postern cost` does, for serverless-offline meters nothing. */
function storyUsage(responseBytes: number): Usage {
  return estimateStory({ ...USUAL_LOAD, requestBytes: 0, responseBytes, upstreamMs: 0 }).request;
}

function perRequest(usage: Usage, requests: number): Usage {
  const shares = Object.entries(usage).map(([kind, value]) => [kind, value / Math.max(1, requests)]);
  return Object.fromEntries(shares) as unknown as Usage;
}
