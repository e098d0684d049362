import { billOf, priceOf, USAGE_KINDS, type Usage } from '../../src/prices.ts';
import { DAYS, type Estimate } from './cost-estimate.ts';
import type { Load } from './cost-load.ts';

/** Words and the unit of each kind, for a table. */
const NAMES: Readonly<Record<keyof Usage, string>> = {
  httpRequests: 'HTTP API requests',
  messages: 'WebSocket messages of 32 KB',
  connectionMinutes: 'connection minutes',
  invocations: 'Lambda requests',
  arm64GbMs: 'Lambda GB-seconds (arm64)',
  x86GbMs: 'Lambda GB-seconds (x86)',
  writeUnits: 'table write units',
  readUnits: 'table read units',
  egressBytes: 'GB out',
  logBytes: 'GB of log',
};

/** How many of what is counted make one of what the table shows. */
const SCALES: Partial<Record<keyof Usage, number>> = {
  arm64GbMs: 1_000,
  x86GbMs: 1_000,
  egressBytes: 1_000_000_000,
  logBytes: 1_000_000_000,
};

/** A month's bill as a table: what, how much, what it costs. Lines that cost nothing are left out. */
export function billTable(month: Usage): string {
  const bill = billOf(month);
  const rows = USAGE_KINDS.filter((kind) => month[kind] > 0).map(
    (kind) => [NAMES[kind], amount(month[kind] / (SCALES[kind] ?? 1)), dollars(bill[kind])] as const,
  );
  return [['a month', 'amount', '$'] as const, ...rows, ['total', '', dollars(priceOf(month))] as const]
    .map(([name, count, cost]) => `${name.padEnd(30)}${count.padStart(16)}${cost.padStart(12)}\n`)
    .join('');
}

/** An estimate in words. @param story what the design of the debugging story costs for the same */
export function estimateText(load: Load, { request, standing, month }: Estimate, story: Estimate): string {
  const one = priceOf(request);
  const theirs = priceOf(story.request);
  const busy = load.requestsPerDay.toLocaleString('en');
  const idle = `${dollars(priceOf(standing) * DAYS)} $ a month`;
  const theirMonth = `${dollars(priceOf(story.month))} $ a month`;
  return (
    `${busy} requests a day by the ${load.door === 'http' ? 'HTTP API' : 'streaming door'}, rendezvous by ${load.rendezvous}, ` +
    `${load.agents} agent${load.agents === 1 ? '' : 's'}\n\n${billTable(month)}\n` +
    (load.requestsPerDay === 0
      ? `Nobody asks: what is there costs ${idle}; the debugging story's design would cost ${theirMonth}.\n`
      : `A request costs ${one.toFixed(2)} µ$ (millionths of a dollar), what is there without any ${idle}.\n` +
        `The debugging story's design would cost ${theirs.toFixed(2)} µ$ a request and ${theirMonth}; ` +
        `this is ${percent(one / theirs)} of its request.\n`) +
    BASIS
  );
}

export const BASIS =
  'List prices of us-east-1 (src/prices.ts) without any free tier: an estimate, and never compared with a bill.\n';

/** Micro-dollars as dollars, with four digits after the point where there is less than a dollar. */
export function dollars(microDollars: number): string {
  const value = microDollars / 1_000_000;
  return value.toFixed(value >= 1 ? 2 : 4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function amount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
