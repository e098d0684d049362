import { decodeAgentMessage, encode } from '../../src/protocol/codec.ts';
import { MAX_PARTS, MESSAGE_BYTES, PART_BYTES } from '../../src/protocol/limits.ts';
import type { AnswerMessage, HttpResponse } from '../../src/protocol/messages.ts';

/** Where the edge wants each exchange's answers: the newest `reply_to` that it said; none for its table. */
export interface ReplyAddresses {
  set(requestId: string, replyTo: string | undefined): void;
  of(requestId: string): string | undefined;
  /** The exchange runs: its address is not forgotten. */
  hold(requestId: string): void;
  /** It has ended; what was said may still be asked for. */
  release(requestId: string): void;
}

/** @param capacity of those that do not run; beyond it the oldest is forgotten, whose answers then go to the table */
export function createReplyAddresses(capacity = 10_000): ReplyAddresses {
  const held = new Map<string, string | undefined>();
  const others = new Map<string, string>();

  function keep(requestId: string, replyTo: string | undefined): void {
    others.delete(requestId);
    if (replyTo !== undefined) others.set(requestId, replyTo);
    if (others.size <= capacity) return;
    for (const oldest of others.keys()) {
      others.delete(oldest);
      return;
    }
  }

  return {
    set(requestId, replyTo) {
      if (held.has(requestId)) held.set(requestId, replyTo);
      else keep(requestId, replyTo);
    },
    of: (requestId) => held.get(requestId) ?? others.get(requestId),
    hold(requestId) {
      held.set(requestId, others.get(requestId));
      others.delete(requestId);
    },
    release(requestId) {
      const replyTo = held.get(requestId);
      held.delete(requestId);
      keep(requestId, replyTo);
    },
  };
}

/**
 * The message's text with this address, whatever it had before. Without one where it does not fit beside a full part, which may be
 * so with an address that came after the body was cut: the table takes what has none.
 */
export function addressed(message: AnswerMessage, replyTo: string | undefined): string {
  const text = encode(message.replyTo === replyTo ? message : withAddress(message, replyTo));
  const fits = replyTo === undefined || Buffer.byteLength(text) <= MESSAGE_BYTES;
  return fits ? text : encode(withAddress(message, undefined));
}

function withAddress(message: AnswerMessage, replyTo: string | undefined): AnswerMessage {
  const { replyTo: _before, ...plain } = message;
  return replyTo === undefined ? plain : { ...plain, replyTo };
}

/** The same for what was said before. */
export function readdressed(text: string, replyTo: string | undefined): string {
  const message = decodeAgentMessage(text);
  if (!('requestId' in message)) throw new Error('what was said is no answer');
  return addressed(message, replyTo);
}

/** Raw bytes of body that fit into a later part of this answer: a multiple of 3, at most {@link PART_BYTES}. */
export function roomInPart({ requestId, sessionId, replyTo }: HttpResponse): number {
  if (replyTo === undefined) return PART_BYTES;
  const largest: AnswerMessage = {
    type: 'response_part',
    requestId,
    part: MAX_PARTS,
    body: new Uint8Array(0),
    totalBytes: Number.MAX_SAFE_INTEGER,
    sha256: 'x'.repeat(43),
    ...(sessionId && { sessionId }),
    replyTo,
  };
  return Math.min(PART_BYTES, Math.floor((MESSAGE_BYTES - Buffer.byteLength(encode(largest))) / 4) * 3);
}
