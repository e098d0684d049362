import { sumOfHops } from '../../../emulator/latency/sum-of-hops.ts';
import { inRounds, type Stage } from '../entrant.ts';
import { HOPS } from '../names.ts';
import { openTunnel, startPostern } from '../places/postern.ts';
import { rateOnce } from './rate-once.ts';

/** Requests take some 100 ms here, so a measurement wants more time than elsewhere. */
const LONGER = 3;

/** Small answers, one at a time, with AWS's typical delays on every hop; beside what the hops that no design avoids take together. */
export async function runLatency(stage: Stage): Promise<void> {
  const { book, upstreamPort, settings } = stage;
  const { p50, p99 } = sumOfHops('aws');
  book.add('latency', HOPS, 'p50', p50);
  book.add('latency', HOPS, 'p99', p99);
  const places: { readonly name: string; readonly url: string; stop(): Promise<void> }[] = [];
  try {
    for (const rendezvous of ['poll', 'push'] as const) {
      const { stack, design } = await startPostern(rendezvous, upstreamPort, 'aws');
      const tunnel = await openTunnel(stack.websocket, upstreamPort);
      const stop = async () => {
        await tunnel.stop();
        await stack.stop();
      };
      places.push({ name: design.name, url: tunnel.url, stop });
    }
    const longer = { ...stage, settings: { ...settings, measureMs: LONGER * settings.measureMs } };
    await inRounds(stage, 'latency', places, ({ name, url }, counts) =>
      rateOnce(longer, { scene: 'latency', name, urls: [url], atOnce: 1, counts }),
    );
  } catch (error) {
    book.fail('latency', 'all', error instanceof Error ? error.message : String(error));
  } finally {
    for (const { stop } of places) await stop();
  }
}
