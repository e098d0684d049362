import type { Stage } from '../entrant.ts';
import { isProblem } from '../load.ts';

/** One measurement of small answers, noted as `req/s`, `p50` and `p99`; failed requests in any case. @throws when nothing works */
export async function rateOnce(
  { book, load, settings }: Pick<Stage, 'book' | 'load' | 'settings'>,
  { scene, name, urls, atOnce, counts }: RateOnce,
): Promise<void> {
  if (counts && settings.runInMs > 0) await load.rate(urls, atOnce, settings.runInMs);
  const measured = await (counts
    ? load.rate(urls, atOnce, settings.measureMs)
    : load.rate(urls, atOnce, settings.warmUp.ms, settings.warmUp.requests));
  if (isProblem(measured)) throw new Error(measured.problem);
  for (const failure of measured.failures) book.note(scene, name, failure);
  if (!counts) return;
  book.add(scene, name, 'req/s', measured.perSecond);
  book.add(scene, name, 'p50', measured.p50);
  book.add(scene, name, 'p99', measured.p99);
}

interface RateOnce {
  readonly scene: string;
  readonly name: string;
  readonly urls: readonly string[];
  readonly atOnce: number;
  /** False for a round that warms up. */
  readonly counts: boolean;
}
