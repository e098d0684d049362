import {
  connectionMinutes,
  httpRequestUnits,
  invocationUsage,
  messageUnits,
  readUnits,
  sumUsage,
  timesUsage,
  type Usage,
  writeUnits,
} from '../../src/prices.ts';
import type { Load } from './cost-load.ts';
import {
  COLD_SHARE,
  HOP_MS,
  HTTP_HEAD_BYTES,
  ITEM_BYTES,
  ITEM_HEADERS_BYTES,
  LOG_BYTES,
  partsOf,
  SMALL_MESSAGE_BYTES,
  streamedPartsOf,
  travellingBytes,
} from './cost-wire.ts';

/** What a load uses: each request, what is there whether anybody asks or not, and a month of both. */
export interface Estimate {
  readonly request: Usage;
  /** A day's. */
  readonly standing: Usage;
  readonly month: Usage;
}

export const DAYS = 30;
const SECONDS_A_DAY = 86_400;
const DAY_MS = 86_400_000;

/** Of the functions that the repository deploys. */
const MEMORY_MB = 256;
const COLD_START_MS = 300;

/** An idle agent says `ping` so often; an agent opens its next connection so often. */
const HEARTBEATS_A_DAY = 288;
const RENEWALS_A_DAY = SECONDS_A_DAY / 6_600;

/** A route is read again, and the reply connection proven by a post to itself, where the last request is longer ago than that. */
const FRESH_S = 5;

/** How the poll looks: after 50 ms, then 1.3 times as long each time, 400 ms at most. */
const FIRST_PAUSE_MS = 50;
const PAUSE_GROWTH = 1.3;
const LONGEST_PAUSE_MS = 400;

/** What this stack's own design uses; an estimate, by README's "What it costs". */
export function estimate(load: Load): Estimate {
  const request = requestUsage(load);
  const standing = standingUsage(load);
  return { request, standing, month: monthOf(request, standing, load.requestsPerDay) };
}

export function monthOf(request: Usage, standing: Usage, requestsPerDay: number): Usage {
  return sumUsage(timesUsage(request, requestsPerDay * DAYS), timesUsage(standing, DAYS));
}

function requestUsage(load: Load): Usage {
  const { requestBytes, responseBytes, compressible, door } = load;
  const down = partsOf(travellingBytes(requestBytes, compressible));
  const whole = partsOf(travellingBytes(responseBytes, compressible));
  const up = door === 'stream' ? streamedPartsOf(responseBytes, whole) : whole;
  const agentBytes = down.reduce((total, { messageBytes }) => total + messageBytes, 0);
  const messages = [...down, ...up].reduce((total, { messageBytes }) => total + messageUnits(messageBytes), 0);
  const messageMs = HOP_MS.function + (load.rendezvous === 'push' ? HOP_MS.post : HOP_MS.table);
  const answerMs = HOP_MS.line + load.upstreamMs + messageMs;
  const way = load.rendezvous === 'push' ? pushed(load, up) : polled(up, answerMs);
  const staleShare = 1 / (1 + (load.requestsPerDay / SECONDS_A_DAY) * FRESH_S);
  const forwardMs = HOP_MS.function + HOP_MS.post + answerMs + way.waitMs + staleShare * HOP_MS.table;
  return sumUsage(
    {
      httpRequests: door === 'http' ? httpRequestUnits(requestBytes) : 0,
      messages,
      readUnits: staleShare * readUnits(ITEM_HEADERS_BYTES, true),
      egressBytes: agentBytes + responseBytes + HTTP_HEAD_BYTES,
    },
    way.usage,
    invocation(forwardMs),
    ...up.map(() => invocation(messageMs)),
  );
}

interface Way {
  readonly usage: Partial<Usage>;
  /** That the answer lies ready before it is fetched, and fetching it. */
  readonly waitMs: number;
}

/** Each message of the answer is posted to the environment's own connection, which is in the region: no bytes leave it. */
function pushed({ requestsPerDay }: Load, up: ReturnType<typeof partsOf>): Way {
  // Requests come by chance, so gaps longer than that are this rare.
  const unproven = Math.exp((-requestsPerDay / SECONDS_A_DAY) * FRESH_S);
  const posted = up.reduce((total, { messageBytes }) => total + messageUnits(messageBytes), 0);
  return { usage: { messages: posted + unproven }, waitMs: 0 };
}

/** Each message of the answer is an item, which nobody deletes but its time to live, and that costs nothing. */
function polled(up: ReturnType<typeof partsOf>, answerMs: number): Way {
  const items = up.map(({ bytes }, at) => bytes + ITEM_BYTES + (at === 0 ? ITEM_HEADERS_BYTES : 0));
  const { looks, overMs } = looksUntil(answerMs);
  const whole = items.reduce((total, bytes) => total + bytes, 0);
  return {
    usage: {
      writeUnits: items.reduce((total, bytes) => total + writeUnits(bytes), 0),
      readUnits: (looks - 1) * readUnits(0, true) + readUnits(whole, true),
    },
    waitMs: overMs,
  };
}

/** @returns how often the poll looks until the answer is there, and how many milliseconds after that it has it */
function looksUntil(answerMs: number): { looks: number; overMs: number } {
  let at = 0;
  for (let looks = 1, pause = FIRST_PAUSE_MS; ; looks += 1, pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    at += pause + HOP_MS.table;
    if (at >= answerMs) return { looks, overMs: at - answerMs };
  }
}

/** Agents' connections with their heartbeats and renewals, and with `push` the connection of one warm environment. */
function standingUsage({ agents, rendezvous, requestsPerDay }: Load): Usage {
  const replies = rendezvous === 'push' && requestsPerDay > 0 ? 1 : 0;
  const connections = agents + replies;
  const opening = sumUsage(
    { messages: 2 * messageUnits(SMALL_MESSAGE_BYTES), writeUnits: 5, readUnits: 2, egressBytes: SMALL_MESSAGE_BYTES },
    // $connect, the first message, $disconnect.
    ...[1, 2, 2].map((calls) => invocation(HOP_MS.function + calls * HOP_MS.table)),
  );
  const heartbeat = sumUsage(
    { messages: 2 * messageUnits(SMALL_MESSAGE_BYTES), egressBytes: SMALL_MESSAGE_BYTES },
    invocation(HOP_MS.function + HOP_MS.post),
  );
  return sumUsage(
    timesUsage({ connectionMinutes: connectionMinutes(DAY_MS) }, connections),
    timesUsage(opening, connections * RENEWALS_A_DAY),
    timesUsage(heartbeat, agents * HEARTBEATS_A_DAY),
  );
}

/** With its share of cold starts and its lines of log. */
function invocation(ms: number): Partial<Usage> {
  const billedMs = Math.ceil(ms) + COLD_SHARE * COLD_START_MS;
  return { ...invocationUsage(MEMORY_MB, billedMs, 'arm64'), logBytes: LOG_BYTES };
}
