import { PART_BYTES } from '../../src/protocol/limits.ts';

/** Bytes beside a body: a head with its headers, a later part's envelope; an HTTP answer's own head. */
export const HEAD_BYTES = 700;
const ENVELOPE_BYTES = 320;
export const HTTP_HEAD_BYTES = 400;

/** Names and keys of a table's item, and the headers of the one that holds them. */
export const ITEM_BYTES = 120;
export const ITEM_HEADERS_BYTES = 400;

/** A connection's own messages: `ping` and `pong`, `ready` and its answer. */
export const SMALL_MESSAGE_BYTES = 200;

/** What brotli leaves of text: 25 % of sixteen real texts together, by `npm run bench:compression`. Below a KB nothing is compressed. */
const COMPRESSED_SHARE = 0.25;
const LEAST_COMPRESSED_BYTES = 1_024;

/** A body as this stack's messages carry it: part by part. */
export interface Part {
  /** Raw bytes, as they travel. */
  readonly bytes: number;
  /** Of the message that carries them, in base64. */
  readonly messageBytes: number;
}

/** @returns bytes of a body as it travels */
export function travellingBytes(bytes: number, compressible: boolean): number {
  return compressible && bytes >= LEAST_COMPRESSED_BYTES ? Math.ceil(bytes * COMPRESSED_SHARE) : bytes;
}

/** The first part lies beside the head, so it is a little shorter than others can be. */
export function partsOf(bytes: number): readonly Part[] {
  const first = Math.min(bytes, PART_BYTES - 3 * Math.ceil((HEAD_BYTES - ENVELOPE_BYTES) / 4));
  const parts: Part[] = [{ bytes: first, messageBytes: HEAD_BYTES + inBase64(first) }];
  for (let rest = bytes - first; rest > 0; rest -= PART_BYTES) {
    const part = Math.min(rest, PART_BYTES);
    parts.push({ bytes: part, messageBytes: ENVELOPE_BYTES + inBase64(part) });
  }
  return parts;
}

/** The largest body that is there with its head, in bytes: as much as Node reads at once. */
const AT_ONCE_BYTES = 65_536;

/** The same where a door passes a body on as it comes: its head leaves alone, unless all of the body is there by then. */
export function streamedPartsOf(bytes: number, parts: readonly Part[]): readonly Part[] {
  return bytes <= AT_ONCE_BYTES ? parts : [{ bytes: 0, messageBytes: HEAD_BYTES }, ...parts];
}

export function inBase64(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

/**
 * Milliseconds that the hops take, for what waits for them is billed: assumed, warm, in one region. The story measured 5 to
 * 10 for a table, 15 to 20 for an index and 40 for a post.
 */
export const HOP_MS = {
  /** A function's own work. */
  function: 4,
  table: 6,
  index: 15,
  post: 20,
  /** From the gateway to the agent and back. */
  line: 30,
} as const;

/** Of 1,000 invocations so many find no environment; what starting one takes is billed. */
export const COLD_SHARE = 0.01;

/** START, END and REPORT, and a line of the function's own: measured, a request's two functions write 660. */
export const LOG_BYTES = 330;
