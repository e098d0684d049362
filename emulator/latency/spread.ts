import type { Random } from '../stack/random.ts';
import type { Spread } from './profiles.ts';

/** How many standard deviations of a normal distribution lie between its median and its 99th percentile. */
const P99_DEVIATIONS = 2.326_347_874;

/**
 * A draw from the log-normal distribution that has this median and this 99th percentile: delays have a floor and a long
 * tail. Takes two numbers from `random`, whatever they are.
 * @returns milliseconds, above 0; exactly `p50` where the two are the same
 */
export function drawSpread({ p50, p99 }: Spread, random: Random): number {
  const deviation = Math.log(p99 / p50) / P99_DEVIATIONS;
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return p50 * Math.exp(deviation * radius * Math.cos(2 * Math.PI * random()));
}
