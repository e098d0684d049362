import type { Usage } from '../../src/prices.ts';
import type { AnsweredRequest } from './metering.ts';
import type { InvocationSpan, Span, TableSpan } from './waterfall.ts';

export type Counts = { -readonly [Kind in keyof Usage]: number };

/** What is known of one visitor's request. */
export interface Trace {
  readonly root: string;
  readonly arrivedAt: number;
  readonly counts: Counts;
  /** Its own, and those of messages that belong to it, as far as the gateway waits for them. */
  underWay: number;
  answeredAt?: number;
  answer?: AnsweredRequest;
  /** Of the door's own invocation. */
  doorRequestId?: string;
  /** Spans and times that are kept until the line is written, and only so many of them. */
  door?: InvocationSpan;
  others: InvocationSpan[];
  tableCalls: TableSpan[];
  posts: Span[];
  messagesAt: number[];
  told: boolean;
  /** Values of messages, and ids of invocations, by which it is found. */
  readonly names: string[];
}

/** Of each kind of span, for a trace: a stream's thousands are counted, and not kept. */
const MOST_SPANS = 64;

export interface TracesOptions {
  /** Milliseconds after which nothing belongs to a request any more. */
  readonly keptMs: number;
  /** The oldest go where there are more. */
  readonly most: number;
  /** Called for each that goes. */
  onForgotten(trace: Trace): void;
}

/** The requests of late, by their roots and by what else names them. Holds a bounded number of them. */
export interface Traces {
  open(root: string, now: number, counts: Counts): Trace;
  find(root: string | undefined): Trace | undefined;
  /** A message's value or an invocation's id; the first trace that has it keeps it. */
  name(trace: Trace, name: string): void;
  named(name: string): Trace | undefined;
  readonly size: number;
  /** Forgets all of them. */
  clear(): void;
}

export function createTraces({ keptMs, most, onForgotten }: TracesOptions): Traces {
  const byRoot = new Map<string, Trace>();
  const byName = new Map<string, Trace>();

  function forget(trace: Trace): void {
    byRoot.delete(trace.root);
    for (const name of trace.names) byName.delete(name);
    onForgotten(trace);
  }

  /** In the order in which they came, so the first one that stays ends the search. */
  function forgetOld(now: number): void {
    for (const trace of byRoot.values()) {
      if (byRoot.size < most && now - trace.arrivedAt < keptMs) return;
      forget(trace);
    }
  }

  return {
    open(root, now, counts) {
      forgetOld(now);
      const spans = { others: [], tableCalls: [], posts: [], messagesAt: [] };
      const trace: Trace = { root, arrivedAt: now, counts, underWay: 0, told: false, names: [], ...spans };
      byRoot.set(root, trace);
      return trace;
    },
    find: (root) => (root === undefined ? undefined : byRoot.get(root)),
    name(trace, name) {
      if (trace.names.length >= MOST_SPANS || byName.has(name) || byRoot.get(trace.root) !== trace) return;
      byName.set(name, trace);
      trace.names.push(name);
    },
    named: (name) => byName.get(name),
    get size() {
      return byRoot.size;
    },
    clear() {
      for (const trace of [...byRoot.values()]) forget(trace);
    },
  };
}

/** Keeps one more, as long as there is room for it. */
export function keep<Item>(kept: Item[], item: Item): void {
  if (kept.length < MOST_SPANS) kept.push(item);
}
