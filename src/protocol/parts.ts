import { encode } from './codec.ts';
import { MAX_PARTS, MESSAGE_BYTES, PART_BYTES } from './limits.ts';
import type { HttpRequest, HttpResponse, RequestPart } from './messages.ts';

/** 43 of base64url. */
export type Sha256 = (bytes: Uint8Array) => string;

/**
 * Raw bytes of body that fit beside this head in one message.
 * @param head its own body is ignored
 * @returns a multiple of 3, at most {@link PART_BYTES}; negative when the head alone is too large
 */
export function roomBeside(head: HttpRequest | HttpResponse): number {
  const envelope = Buffer.byteLength(encode({ ...head, body: EMPTY, more: true }));
  return Math.min(PART_BYTES, Math.floor((MESSAGE_BYTES - envelope) / 4) * 3);
}

/**
 * Splits a request whose body is at hand into messages that each fit the gateway's limit.
 * @returns one `http_request` where everything fits, else it and its `request_part`s; undefined when the head alone is
 * larger than a message
 */
export function splitRequest(
  request: HttpRequest,
  sha256: Sha256,
): readonly [HttpRequest, ...RequestPart[]] | undefined {
  const room = roomBeside(request);
  if (room < 0) return undefined;
  if (request.body.length <= room) return [{ ...request, more: false }];
  const messages: [HttpRequest, ...RequestPart[]] = [{ ...request, body: request.body.subarray(0, room), more: true }];
  for (let at = room, part = 1; at < request.body.length; at += PART_BYTES, part += 1) {
    const last = at + PART_BYTES >= request.body.length;
    messages.push({
      type: 'request_part',
      requestId: request.requestId,
      part,
      body: request.body.subarray(at, at + PART_BYTES),
      ...(last && { totalBytes: request.body.length, sha256: sha256(request.body) }),
    });
  }
  return messages;
}

/** A slice of a body with its number: 0 is the one beside the head. */
export interface Slice {
  readonly part: number;
  readonly body: Uint8Array;
  /** The whole body's length; given by the last slice alone. */
  readonly totalBytes?: number;
  /** The whole body's SHA-256 in base64url; given by the last slice alone. */
  readonly sha256?: string;
}

export type JoinResult =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly body: Uint8Array }
  | { readonly kind: 'too-large' }
  /** The slices contradict each other: the body can never be whole. */
  | { readonly kind: 'broken'; readonly problem: string };

/** Joins slices that arrive in any order, at least once. */
export interface PartJoiner {
  add(slice: Slice): JoinResult;
  /** The lowest number not seen yet. */
  firstMissing(): number;
  /** Numbers beyond {@link firstMissing} that were seen. */
  seenBeyond(): readonly number[];
  /** Bytes seen from the body's beginning without a gap. */
  contiguousBytes(): number;
}

/**
 * @param limitBytes the largest body accepted; slices are held in memory until the body is whole
 */
export function createPartJoiner(limitBytes: number, sha256: Sha256): PartJoiner {
  const slices = new Map<number, Uint8Array>();
  let heldBytes = 0;
  let highestPart = 0;
  let firstMissing = 0;
  let contiguousBytes = 0;
  let lastPart: number | undefined;
  let totalBytes = 0;
  let expectedHash: string | undefined;

  function whole(): JoinResult {
    if (lastPart === undefined || slices.size < lastPart + 1) return { kind: 'incomplete' };
    if (heldBytes !== totalBytes)
      return { kind: 'broken', problem: `${heldBytes} bytes came, ${totalBytes} were said` };
    const body = new Uint8Array(totalBytes);
    let at = 0;
    for (let part = 0; part <= lastPart; part += 1) {
      const slice = slices.get(part) ?? EMPTY;
      body.set(slice, at);
      at += slice.length;
    }
    if (expectedHash !== undefined && sha256(body) !== expectedHash) {
      return { kind: 'broken', problem: 'the bytes that came are not those that were sent' };
    }
    return { kind: 'complete', body };
  }

  return {
    firstMissing: () => firstMissing,
    seenBeyond: () => [...slices.keys()].filter((part) => part > firstMissing).sort((a, b) => a - b),
    contiguousBytes: () => contiguousBytes,

    add(slice) {
      if (slice.part > MAX_PARTS) return { kind: 'broken', problem: `part ${slice.part} is beyond ${MAX_PARTS}` };
      if (!slices.has(slice.part)) {
        slices.set(slice.part, slice.body);
        heldBytes += slice.body.length;
        highestPart = Math.max(highestPart, slice.part);
        for (let next = slices.get(firstMissing); next; next = slices.get(firstMissing)) {
          contiguousBytes += next.length;
          firstMissing += 1;
        }
      }
      if (slice.totalBytes !== undefined) {
        lastPart = slice.part;
        totalBytes = slice.totalBytes;
        expectedHash = slice.sha256;
      }
      if (heldBytes > limitBytes || totalBytes > limitBytes) return { kind: 'too-large' };
      if (lastPart !== undefined && highestPart > lastPart) {
        return { kind: 'broken', problem: `a part after the last, ${lastPart}` };
      }
      return whole();
    },
  };
}

const EMPTY = new Uint8Array(0);
