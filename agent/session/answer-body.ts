import { MAX_PARTS, MESSAGE_BYTES, PART_BYTES } from '../../src/protocol/limits.ts';
import type { HttpRequest, HttpResponse } from '../../src/protocol/messages.ts';
import { roomBeside } from '../../src/protocol/parts.ts';
import type { ForwardResult } from '../forward.ts';

type Answered = ForwardResult & { kind: 'answered' };

/** Bytes that the longest stream carries: with larger ones there were no numbers left for parts that are not full. */
const LARGEST_STREAM_BYTES = 200_000_000;

/** Negative where not even the head fits; what a version 1 edge takes is what fits beside it. */
export function bodyLimit(request: HttpRequest, head: HttpResponse, protocol: 1 | 2): number {
  if (protocol === 1) return roomBeside(head);
  if (sureRoom(head) < 0) {
    const room = roomBeside({ ...head, encoding: 'br', storedBytes: Number.MAX_SAFE_INTEGER });
    if (room < 0) return room;
  }
  const limit = request.maxResponseBytes ?? MAX_PARTS * PART_BYTES;
  return request.stream ? Math.min(limit, LARGEST_STREAM_BYTES) : limit;
}

/** The longest that a head without headers can be, in bytes: an id and an address of the longest, and all fields. */
const ENVELOPE_BYTES = 2_000;

/**
 * Bytes of body that surely fit beside this head in one message, by its headers' length alone, of which JSON makes six times as much
 * at worst. There may be room for more; negative where there may be none.
 */
export function sureRoom({ headers }: HttpResponse): number {
  let bytes = MESSAGE_BYTES - ENVELOPE_BYTES;
  for (const [name, value] of headers) bytes -= 6 * (name.length + value.length + 2);
  return Math.min(PART_BYTES, Math.floor(bytes / 4) * 3);
}

/** What `content-length` says of the body that comes; undefined where it says nothing. */
export function contentLength(request: HttpRequest, result: Answered): number | undefined {
  if (isBodiless(request, result)) return 0;
  const length = headerOf(result, 'content-length');
  return length === undefined ? undefined : Number(length);
}

/** A HEAD's or 304's length describes a body that does not come (RFC 9110 6.4.1). */
function isBodiless({ method }: HttpRequest, { status }: Answered): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/** The content type of an event stream that need not end; undefined of any other answer. */
export function endlessType(request: HttpRequest, result: Answered): string | undefined {
  if (contentLength(request, result) !== undefined) return undefined;
  const type = headerOf(result, 'content-type')?.trim();
  return type && /^text\/event-stream\s*(?:;|$)/i.test(type) ? type : undefined;
}

/** The body is larger than the door, or the edge's version, can take. */
export class TooLarge extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super('too large');
    this.limit = limit;
  }
}

export async function* countUpTo(limit: number, body: AsyncIterable<Uint8Array>, told: (bytes: number) => void) {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > limit) throw new TooLarge(limit);
    told(bytes);
    yield piece;
  }
}

function headerOf({ headers }: Answered, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}
