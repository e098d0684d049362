import type { Clock } from '../stack/clock.ts';
import type { Random, Streams } from '../stack/random.ts';
import type { Row, Spread } from './profiles.ts';
import { drawSpread } from './spread.ts';
import { type Shares, STEPS, type Step } from './steps.ts';

/** Delays of AWS, drawn by seed. Where nothing is to be delayed there is none of these, and nobody waits for it. */
export interface Latency {
  /** @returns milliseconds that a step takes this time; 0 where the profile says nothing of its rows */
  draw(step: Step): number;
  /** Resolves when that time has passed. */
  wait(step: Step): Promise<void>;
}

export type Spreads = Readonly<Partial<Record<Row, Spread>>>;

/**
 * Each row draws from numbers of its own, so that an override of one changes nothing for the others.
 * @returns undefined where no row takes any time
 */
export function createLatency(spreads: Spreads, clock: Clock, randomOf: Streams): Latency | undefined {
  const draws = new Map<string, () => number>();
  for (const [row, spread] of Object.entries(spreads)) {
    if (spread.p50 > 0) draws.set(row, drawerOf(spread, randomOf(`latency of ${row}`)));
  }
  if (draws.size === 0) return undefined;

  function draw(step: Step): number {
    const shares: Shares = STEPS[step];
    let ms = 0;
    for (const [row, share] of Object.entries(shares)) ms += share * (draws.get(row)?.() ?? 0);
    return ms;
  }

  return {
    draw,
    wait(step) {
      const ms = draw(step);
      return ms > 0 ? new Promise((resolve) => clock.after(ms, resolve)) : Promise.resolve();
    },
  };
}

function drawerOf(spread: Spread, random: Random): () => number {
  return () => drawSpread(spread, random);
}
