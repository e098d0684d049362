import { priceOf, USAGE_KINDS, type Usage } from '../../src/prices.ts';
import type { LogEntry } from '../stack/log.ts';
import type { Hop } from './waterfall.ts';

/** What became of a visitor's request, hop by hop, and what AWS would bill for it. */
export interface Waterfall {
  /** The root of its X-Ray header. */
  readonly traceId: string;
  /** `GET /path` */
  readonly subject: string;
  readonly status: number;
  readonly ms: number;
  readonly hops: readonly Hop[];
  readonly usage: Usage;
  readonly microDollars: number;
}

/** A line of the log that has the same as fields. */
export interface WaterfallEntry extends LogEntry {
  readonly waterfall: Waterfall;
}

/** The line is made when somebody reads it: most logs show none of them. */
export function waterfallEntry(waterfall: Waterfall): WaterfallEntry {
  return {
    level: 'info',
    source: 'meter',
    get message() {
      return lineOf(waterfall);
    },
    waterfall,
  };
}

/** `GET /x 200: 12.3 ms = door 0.3 + warm 0.1 + …; 4.93 µ$ = 1 HTTP request + 3 messages + …` */
function lineOf({ subject, status, ms, hops, usage, microDollars }: Waterfall): string {
  const parts = hops.map(({ name, ms: each, note }) => `${name} ${each.toFixed(1)}${note ? ` (${note})` : ''}`);
  const units = unitWords(usage).join(' + ') || 'nothing';
  return `${subject} ${status}: ${ms.toFixed(1)} ms = ${parts.join(' + ')}; ${microDollars.toFixed(2)} µ$ = ${units}`;
}

/** A waterfall from its parts. @param ms of the whole request */
export function createWaterfall(given: Omit<Waterfall, 'microDollars'>): Waterfall {
  return { ...given, microDollars: priceOf(given.usage) };
}

const WORDS: Readonly<Record<keyof Usage, (amount: number) => string>> = {
  httpRequests: (amount) => counted(amount, 'HTTP request'),
  messages: (amount) => counted(amount, 'message'),
  connectionMinutes: (amount) => counted(amount, 'connection minute'),
  invocations: (amount) => counted(amount, 'invocation'),
  arm64GbMs: (amount) => `${amount.toFixed(1)} GB-ms`,
  x86GbMs: (amount) => `${amount.toFixed(1)} GB-ms of x86`,
  writeUnits: (amount) => counted(amount, 'write unit'),
  readUnits: (amount) => counted(amount, 'read unit'),
  egressBytes: (amount) => `${amount} bytes out`,
  logBytes: (amount) => `${amount} bytes of log`,
};

function unitWords(usage: Usage): string[] {
  return USAGE_KINDS.flatMap((kind) => (usage[kind] === 0 ? [] : [WORDS[kind](usage[kind])]));
}

function counted(amount: number, word: string): string {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`;
}
