import { createStreams } from '../stack/random.ts';
import { chooseSpreads, type LatencySetting } from './choose-spreads.ts';
import { createLatency, type Spreads } from './latency.ts';
import type { Row } from './profiles.ts';
import { type Shares, STEPS, type Step } from './steps.ts';

/**
 * What a small tunnelled GET cannot do without, in its order, where nothing is looked up in a table and the answer is
 * pushed: to the forward function, to the agent, to the message function, to the reply connection, and back.
 */
const UNAVOIDABLE: readonly Step[] = [
  'requestArrives',
  'invocation',
  'managementCall',
  'delivery',
  'messageArrives',
  'messageRouted',
  'invocation',
  'managementCall',
  'deliveryInRegion',
  'answerLeaves',
];

/** Milliseconds. No function's own time and no upstream's is in it. */
export interface SumOfHops {
  /** Of the medians of all rows. */
  readonly medians: number;
  /** Of whole requests, drawn by seed. It lies above `medians`: long tails do not cancel out. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * What the unavoidable hops of a request take by a profile, to hold a measured request against.
 * @param draws requests that are drawn, at least 1
 */
export function sumOfHops(setting: LatencySetting, { seed = 1, draws = 10_000 } = {}): SumOfHops {
  const spreads = chooseSpreads(setting);
  const medians = UNAVOIDABLE.reduce((total, step) => total + medianOf(spreads, STEPS[step]), 0);
  const latency = createLatency(spreads, NO_CLOCK, createStreams(seed));
  if (latency === undefined) return { medians, p50: 0, p99: 0 };
  const totals = Array.from({ length: draws }, () =>
    UNAVOIDABLE.reduce((total, step) => total + latency.draw(step), 0),
  ).sort((left, right) => left - right);
  return { medians, p50: totals[Math.floor(draws * 0.5)] ?? 0, p99: totals[Math.floor(draws * 0.99)] ?? 0 };
}

function medianOf(spreads: Spreads, shares: Shares): number {
  const rows = Object.entries(shares) as [Row, number][];
  return rows.reduce((total, [row, share]) => total + share * (spreads[row]?.p50 ?? 0), 0);
}

/** Nothing waits here. */
const NO_CLOCK = { now: () => 0, after: () => () => {} };
