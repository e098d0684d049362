/**
 * What AWS charges for what this stack uses, and how it counts it. List prices of us-east-1, without any free tier and at the
 * first tier of each volume; none of it has been compared with a bill. Read in September and November 2026; edit {@link PRICES}
 * when they change, everything else follows.
 */

/** Micro-dollars (one millionth of a US dollar) a unit: for what is priced by the million that is its price in dollars. */
export type Prices = Readonly<Record<keyof Usage, number>>;

/** What was used, in the units that AWS bills. Whole numbers but for GB-milliseconds and read units. */
export interface Usage {
  /** HTTP API: a request for each started 512 KB of it. */
  readonly httpRequests: number;
  /** WebSocket API: a message for each started 32 KB, in either direction; posts are messages. */
  readonly messages: number;
  /** WebSocket API: started minutes of each connection. */
  readonly connectionMinutes: number;
  /** Lambda: every invocation, failed ones and repeats included. */
  readonly invocations: number;
  /** Lambda: memory in GB times billed milliseconds, what a cold start takes included (LA-10). */
  readonly arm64GbMs: number;
  readonly x86GbMs: number;
  /** DynamoDB on demand: a unit for each started KB written, in the table and in each index (DD-07). */
  readonly writeUnits: number;
  /** DynamoDB on demand: a unit for each started 4 KB read, half of that where the read is not consistent (DD-07). */
  readonly readUnits: number;
  /** Bytes that leave AWS: to visitors and to agents. What comes in costs nothing. */
  readonly egressBytes: number;
  /** Bytes that CloudWatch Logs takes in. */
  readonly logBytes: number;
}

/** @see aws-behaviours.md, section B, which names the source of each */
export const PRICES: Prices = {
  httpRequests: 1, // $1.00 a million up to 300 million a month
  messages: 1, // $1.00 a million up to a billion a month
  connectionMinutes: 0.25, // $0.25 a million
  invocations: 0.2, // $0.20 a million
  arm64GbMs: 0.0133334, // $0.0000133334 a GB-second
  x86GbMs: 0.0166667, // $0.0000166667 a GB-second
  writeUnits: 0.625, // $0.625 a million, since November 2024
  readUnits: 0.125, // $0.125 a million
  egressBytes: 0.00009, // $0.09 a GB of 1,000,000,000 bytes; the first 100 GB a month of an account are free, and left out
  logBytes: 0.0005, // $0.50 a GB
};

export const NO_USAGE: Usage = {
  httpRequests: 0,
  messages: 0,
  connectionMinutes: 0,
  invocations: 0,
  arm64GbMs: 0,
  x86GbMs: 0,
  writeUnits: 0,
  readUnits: 0,
  egressBytes: 0,
  logBytes: 0,
};

/** In the order in which a bill shows them. */
export const USAGE_KINDS = Object.keys(NO_USAGE) as readonly (keyof Usage)[];

const HTTP_UNIT_BYTES = 512 * 1_024;
const MESSAGE_UNIT_BYTES = 32 * 1_024;
const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4 * 1_024;
const MINUTE_MS = 60_000;
const MB_IN_GB = 1_024;

/** Requests that an HTTP API bills for one: one for each started 512 KB, and one where there is nothing. */
export function httpRequestUnits(bytes: number): number {
  return started(bytes, HTTP_UNIT_BYTES);
}

/** Messages that a WebSocket API bills for one, in either direction: 33 KB are two. Pings, pongs and closes are none. */
export function messageUnits(bytes: number): number {
  return started(bytes, MESSAGE_UNIT_BYTES);
}

/** Minutes billed of one connection. That each is rounded up by itself is an assumption; AWS does not say. */
export function connectionMinutes(openMs: number): number {
  return Math.ceil(Math.max(openMs, 0) / MINUTE_MS);
}

/** Of one item, or of its entry in an index. @param bytes the larger of before and after (DD-06, DD-07) */
export function writeUnits(bytes: number): number {
  return started(bytes, WRITE_UNIT_BYTES);
}

/** Of all that one operation reads together; a read that finds nothing costs as much as the smallest (DD-07). */
export function readUnits(bytes: number, consistent: boolean): number {
  return started(bytes, READ_UNIT_BYTES) * (consistent ? 1 : 0.5);
}

export type Architecture = 'arm64' | 'x86_64';

/** One invocation. @param billedMs rounded up to a whole millisecond, with what the cold start took */
export function invocationUsage(
  memoryMb: number,
  billedMs: number,
  architecture: Architecture,
): Pick<Usage, 'invocations' | 'arm64GbMs' | 'x86GbMs'> {
  const gbMs = (memoryMb / MB_IN_GB) * billedMs;
  const isArm = architecture === 'arm64';
  return { invocations: 1, arm64GbMs: isArm ? gbMs : 0, x86GbMs: isArm ? 0 : gbMs };
}

/** @returns each kind's micro-dollars */
export function billOf(usage: Usage, prices: Prices = PRICES): Usage {
  return mapUsage((kind) => usage[kind] * prices[kind]);
}

/** @returns micro-dollars */
export function priceOf(usage: Usage, prices: Prices = PRICES): number {
  return USAGE_KINDS.reduce((total, kind) => total + usage[kind] * prices[kind], 0);
}

export function sumUsage(...usages: readonly Partial<Usage>[]): Usage {
  return mapUsage((kind) => usages.reduce((total, usage) => total + (usage[kind] ?? 0), 0));
}

export function timesUsage(usage: Partial<Usage>, times: number): Usage {
  return mapUsage((kind) => (usage[kind] ?? 0) * times);
}

function mapUsage(value: (kind: keyof Usage) => number): Usage {
  return Object.fromEntries(USAGE_KINDS.map((kind) => [kind, value(kind)])) as unknown as Usage;
}

function started(bytes: number, unit: number): number {
  return Math.max(1, Math.ceil(bytes / unit));
}
