import { randomUUID } from 'node:crypto';
import {
  type Architecture,
  billOf,
  connectionMinutes,
  httpRequestUnits,
  invocationUsage,
  messageUnits,
  NO_USAGE,
  priceOf,
  sumUsage,
  type Usage,
} from '../../src/prices.ts';
import type { InvocationRecord } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import type { MeteredInvocation, MeteredRequest, Metering } from './metering.ts';
import { createTraceField } from './trace-field.ts';
import { type Counts, createTraces, keep, type Trace } from './traces.ts';
import { hopsOf } from './waterfall.ts';
import { createWaterfall, waterfallEntry } from './waterfall-line.ts';
import { parentOf, rootOf } from './x-ray.ts';

/** What AWS would have billed since the meter began, or was reset. */
export interface MeterReading {
  /** Milliseconds since then. */
  readonly ms: number;
  /** Visitors' requests that were answered. */
  readonly requests: number;
  readonly usage: Usage;
  /** Each kind's micro-dollars. */
  readonly bill: Usage;
  readonly microDollars: number;
}

export interface MeterOptions {
  readonly log: Log;
  /** Milliseconds of any clock that never goes back; the process's own unless given. */
  readonly now?: () => number;
  /** The JSON field of WebSocket messages whose value says which of them belong together. */
  readonly traceField?: string;
  readonly architectureOf: (functionName: string) => Architecture;
  /** Milliseconds for which something may still belong to a request; 2 minutes unless given. */
  readonly keptMs?: number;
  /** Requests that are kept in mind at most; 10,000 unless given. */
  readonly mostTraces?: number;
}

export interface Meter extends Metering {
  /** Lambda tells of each invocation that has ended. */
  invoked(record: InvocationRecord): void;
  /** A line of a function's log, Lambda's own included. It belongs to the request whose id, or whose message's value, it names. */
  logged(text: string): void;
  read(): MeterReading;
  /** Begins anew; what is under way counts from now on. */
  reset(): void;
  /** Requests that are kept in mind. */
  readonly traceCount: number;
}

/** Of a message that belongs to no request that is known. */
const UNTRACED: MeteredInvocation = { options: {}, ended() {} };

const KEPT_MS = 120_000;
const MOST_TRACES = 10_000;

/** Lines name the invocation, or what else ties things together, soon; a UUID is looked for, and no further than that. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const UUID_WITHIN = 400;

/**
 * Counts what AWS would bill, in all and for each visitor's request: X-Ray headers say which invocation, post and table
 * call belong to it, and a field of the messages says so across the WebSocket.
 *
 * A request's line is written once it is answered and no invocation that the gateway waits for belongs to it any more: what
 * a message's function costs is known only then, a moment after the answer. What comes later still is in the totals alone.
 */
export function createMeter(options: MeterOptions): Meter {
  const { log, architectureOf, now = () => performance.now() } = options;
  const fieldOf = createTraceField(options.traceField);
  const open = new Set<{ since: number }>();
  let counts = zero();
  let requests = 0;
  let since = now();
  const traces = createTraces({
    keptMs: options.keptMs ?? KEPT_MS,
    most: options.mostTraces ?? MOST_TRACES,
    onForgotten: tell,
  });

  function add(trace: Trace | undefined, kind: keyof Usage, amount: number): void {
    counts[kind] += amount;
    if (trace !== undefined) trace.counts[kind] += amount;
  }

  function addMessage(trace: Trace | undefined, bytes: number, leaves: boolean): void {
    add(trace, 'messages', messageUnits(bytes));
    if (leaves) add(trace, 'egressBytes', bytes);
  }

  /** Writes the request's line, where it was answered, and lets go of what only that needs. */
  function tell(trace: Trace): void {
    const { answer, answeredAt, arrivedAt, root } = trace;
    if (trace.told || answer === undefined || answeredAt === undefined) return;
    trace.told = true;
    const { subject, status } = answer;
    const hops = hopsOf({ ...trace, answeredAt });
    const ms = answeredAt - arrivedAt;
    log(waterfallEntry(createWaterfall({ traceId: root, subject, status, ms, hops, usage: { ...trace.counts } })));
    Object.assign(trace, { door: undefined, others: [], tableCalls: [], posts: [], messagesAt: [] });
  }

  function settle(trace: Trace): void {
    if (trace.underWay === 0) tell(trace);
  }

  function begin(trace: Trace, isDoor: boolean): MeteredInvocation {
    const requestId = randomUUID();
    traces.name(trace, requestId);
    if (isDoor) trace.doorRequestId ??= requestId;
    trace.underWay += 1;
    let ended = false;
    return {
      options: { requestId, traceId: `Root=${trace.root}` },
      ended() {
        if (ended) return;
        ended = true;
        trace.underWay -= 1;
        settle(trace);
      },
    };
  }

  function requestOf(trace: Trace): MeteredRequest {
    return {
      invocationBegins: () => begin(trace, true),
      answered(answer) {
        trace.answer = answer;
        trace.answeredAt = now();
        requests += 1;
        if (answer.gatewayBills) add(trace, 'httpRequests', httpRequestUnits(answer.requestBytes));
        add(trace, 'egressBytes', answer.responseBytes);
        settle(trace);
      },
      unbilled(responseBytes = 0) {
        trace.told = true;
        add(trace, 'egressBytes', responseBytes);
      },
    };
  }

  return {
    requestArrived(given, own) {
      const wanted = rootOf(given);
      const root = wanted === undefined || traces.find(wanted) ? rootOf(own) : wanted;
      return requestOf(traces.open(root ?? own, now(), zero()));
    },
    messageReceived(text) {
      const value = fieldOf(text);
      const trace = value === undefined ? undefined : traces.named(value);
      addMessage(trace, Buffer.byteLength(text), false);
      if (trace !== undefined && !trace.told) keep(trace.messagesAt, now());
      return {
        invocationBegins: () => (trace === undefined ? UNTRACED : begin(trace, false)),
        replied: ({ bytes, inRegion }) => addMessage(trace, bytes.length, !inRegion),
      };
    },
    postBegins(header) {
      const trace = traces.find(rootOf(header));
      const from = now();
      return (sent) => {
        if (trace !== undefined && !trace.told) keep(trace.posts, { from, to: now(), parent: parentOf(header) });
        if (sent === undefined) return;
        addMessage(trace, sent.bytes.length, !sent.inRegion);
        const value = trace && fieldOf(sent.bytes);
        if (trace !== undefined && value !== undefined) traces.name(trace, value);
      };
    },
    connectionOpened() {
      const connection = { since: now() };
      open.add(connection);
      return () => {
        if (open.delete(connection)) add(undefined, 'connectionMinutes', connectionMinutes(now() - connection.since));
      };
    },
    tableCallBegins(header) {
      const trace = traces.find(rootOf(header));
      const from = now();
      return ({ read, write }) => {
        add(trace, 'readUnits', read);
        add(trace, 'writeUnits', write);
        if (trace === undefined || trace.told) return;
        keep(trace.tableCalls, { from, to: now(), parent: parentOf(header), reads: read, writes: write });
      };
    },
    invoked({ functionName, requestId, traceId, memoryMb, queuedMs, initMs, durationMs, billedMs }) {
      const trace = traces.named(requestId) ?? traces.find(rootOf(traceId));
      const usage = invocationUsage(memoryMb, billedMs, architectureOf(functionName));
      add(trace, 'invocations', usage.invocations);
      add(trace, 'arm64GbMs', usage.arm64GbMs);
      add(trace, 'x86GbMs', usage.x86GbMs);
      if (trace === undefined || trace.told) return;
      const to = now();
      const from = to - durationMs - queuedMs;
      const span = { from, to, parent: parentOf(traceId), functionName, queuedMs, cold: initMs !== undefined };
      if (trace.doorRequestId === requestId) trace.door = span;
      else keep(trace.others, span);
    },
    logged(text) {
      const ids = text.slice(0, UUID_WITHIN).match(UUID) ?? [];
      const trace = ids.map((id) => traces.named(id)).find((named) => named !== undefined);
      add(trace, 'logBytes', Buffer.byteLength(text) + 1);
    },
    read() {
      const minutes = [...open].reduce((total, each) => total + connectionMinutes(now() - each.since), 0);
      const usage = sumUsage(counts, { connectionMinutes: minutes });
      return { ms: now() - since, requests, usage, bill: billOf(usage), microDollars: priceOf(usage) };
    },
    reset() {
      counts = zero();
      requests = 0;
      since = now();
      for (const each of open) each.since = since;
    },
    get traceCount() {
      return traces.size;
    },
  };
}

function zero(): Counts {
  return { ...NO_USAGE };
}
