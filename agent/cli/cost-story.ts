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
import { type Estimate, monthOf } from './cost-estimate.ts';
import type { Load } from './cost-load.ts';
import {
  COLD_SHARE,
  HEAD_BYTES,
  HOP_MS,
  HTTP_HEAD_BYTES,
  ITEM_BYTES,
  inBase64,
  LOG_BYTES,
  partsOf,
  SMALL_MESSAGE_BYTES,
} from './cost-wire.ts';

/** Rust on arm64, and quick to start (LA-10). */
const MEMORY_MB = 256;
const COLD_START_MS = 80;

/** The poll looks at once, then after 50 ms, and twice as long each time, up to half a second. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

const SESSIONS_A_DAY = 12;
const HEARTBEATS_A_DAY = 288;
const DAY_MS = 86_400_000;

/** What an item may hold at most is 400 KB; a longer answer is taken to lie in several. */
const MOST_ITEM_BYTES = 300_000;

/**
 * What the design of the debugging story uses for the same load, by its text and by the code that it tells of: the tunnel is
 * found by an index; each request is an item that is put when it goes out, changed when its answer comes, and deleted when
 * that was read; the answer's message lies in it as it came, base64 and uncompressed; the waiting function polls.
 * An answer of more than one message, or more than one item, which that design cannot have, is taken to be split like ours.
 */
export function estimateStory(load: Load): Estimate {
  const request = requestUsage(load);
  const standing = standingUsage(load);
  return { request, standing, month: monthOf(request, standing, load.requestsPerDay) };
}

function requestUsage({ requestBytes, responseBytes, upstreamMs }: Load): Usage {
  const down = partsOf(requestBytes);
  const up = partsOf(responseBytes);
  const messages = [...down, ...up].reduce((total, { messageBytes }) => total + messageUnits(messageBytes), 0);
  const agentBytes = down.reduce((total, { messageBytes }) => total + messageBytes, 0);
  const messageMs = HOP_MS.function + HOP_MS.table;
  const answerMs = HOP_MS.line + upstreamMs + messageMs;
  const { looks, ms } = looksUntil(answerMs);
  // Index, put, post, polls, delete.
  const forwardMs = HOP_MS.function + HOP_MS.index + HOP_MS.table + HOP_MS.post + ms + HOP_MS.table;
  const items = itemsOf(inBase64(responseBytes));
  const answerUnits = items.reduce((total, bytes) => total + writeUnits(bytes), 0);
  const whole = items.reduce((total, bytes) => total + bytes, 0);
  return sumUsage(
    {
      httpRequests: httpRequestUnits(requestBytes),
      messages,
      // Put when it is empty, changed and deleted when it is full.
      writeUnits: writeUnits(ITEM_BYTES) + 2 * answerUnits,
      // The index, and each look but the last, finds a small item.
      readUnits: looks * readUnits(ITEM_BYTES, false) + readUnits(whole, false),
      egressBytes: agentBytes + responseBytes + HTTP_HEAD_BYTES,
    },
    invocation(forwardMs),
    ...up.map(() => invocation(messageMs)),
  );
}

/** @returns how often the poll looks until the answer is there, and when it has it */
function looksUntil(answerMs: number): { looks: number; ms: number } {
  let ms = HOP_MS.table;
  let looks = 1;
  for (let pause = FIRST_PAUSE_MS; ms < answerMs; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    ms += pause + HOP_MS.table;
    looks += 1;
  }
  return { looks, ms };
}

function itemsOf(bytes: number): readonly number[] {
  const count = Math.max(1, Math.ceil(bytes / MOST_ITEM_BYTES));
  return Array.from({ length: count }, (_, at) => {
    const own = Math.min(MOST_ITEM_BYTES, bytes - at * MOST_ITEM_BYTES);
    return own + ITEM_BYTES + (at === 0 ? HEAD_BYTES : 0);
  });
}

function standingUsage({ agents }: Load): Usage {
  const opening = sumUsage(
    // The row and its entry in the index, put and deleted.
    { messages: 2 * messageUnits(SMALL_MESSAGE_BYTES), writeUnits: 4, readUnits: 1, egressBytes: SMALL_MESSAGE_BYTES },
    ...[1, 1, 1].map((calls) => invocation(HOP_MS.function + calls * HOP_MS.table)),
  );
  // A ping gets no answer.
  const heartbeat = sumUsage({ messages: messageUnits(SMALL_MESSAGE_BYTES) }, invocation(HOP_MS.function));
  const minutes = { connectionMinutes: connectionMinutes(DAY_MS) };
  return timesUsage(
    sumUsage(minutes, timesUsage(opening, SESSIONS_A_DAY), timesUsage(heartbeat, HEARTBEATS_A_DAY)),
    agents,
  );
}

function invocation(ms: number): Partial<Usage> {
  const billedMs = Math.ceil(ms) + COLD_SHARE * COLD_START_MS;
  return { ...invocationUsage(MEMORY_MB, billedMs, 'arm64'), logBytes: LOG_BYTES };
}
