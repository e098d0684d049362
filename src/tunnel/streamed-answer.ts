import { MAX_PARTS, WINDOW_BYTES } from '../protocol/limits.ts';
import type { BodyEncoding, HeaderPair } from '../protocol/messages.ts';
import type { Slice } from '../protocol/parts.ts';
import { readHead } from './answer-head.ts';
import type { Assembly } from './await-answer.ts';
import type { Failure } from './outcomes.ts';
import { failure, failureOfAgentError } from './outcomes.ts';
import type { Hashes } from './ports.ts';

/** The beginning of an answer, while its body is still coming. */
export interface StreamedHead {
  readonly kind: 'head';
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly encoding?: BodyEncoding;
}

export interface Streamed {
  readonly kind: 'streamed';
}

/** An answer that is given back as it comes: every part as soon as all before it are there. */
export interface StreamedAnswer extends Assembly<Streamed> {
  /** Resolves with the head. */
  readonly begun: Promise<StreamedHead>;
  /**
   * The next bytes of the body, as they travel; undefined at its end.
   * @param ended resolves when nothing more comes
   */
  next(ended: Promise<unknown>): Promise<Uint8Array | undefined>;
}

/**
 * Holds what is beyond a gap, and what the visitor has not taken yet: together no more than the window, since credit is given for what
 * was taken.
 * @param maxBytes of the body, as it travels
 */
export function createStreamedAnswer(maxBytes: number, { hasher }: Pick<Hashes, 'hasher'>): StreamedAnswer {
  const hash = hasher();
  const waiting = new Map<number, Slice>();
  const ready: Uint8Array[] = [];
  let begin: (head: StreamedHead) => void = () => {};
  let wake: () => void = () => {};
  let accepted = false;
  let credit = 0;
  let nextPart = 0;
  let heldBytes = 0;
  let totalBytes = 0;
  let takenBytes = 0;
  const begun = new Promise<StreamedHead>((resolve) => {
    begin = resolve;
  });

  function arrived(slice: Slice): Streamed | Failure | undefined {
    accepted = true;
    if (slice.part > MAX_PARTS) return failure('upstream_failed', `part ${slice.part} is beyond ${MAX_PARTS}`);
    waiting.set(slice.part, slice);
    heldBytes += slice.body.length;
    if (heldBytes > 2 * WINDOW_BYTES) return failure('upstream_failed', 'more came than was asked for');
    for (let next = waiting.get(nextPart); next; next = waiting.get(nextPart)) {
      waiting.delete(nextPart);
      nextPart += 1;
      totalBytes += next.body.length;
      if (totalBytes > maxBytes) return failure('response_too_large');
      hash.update(next.body);
      if (next.body.length > 0) ready.push(next.body);
      wake();
      if (next.totalBytes !== undefined) return end(next);
    }
    return undefined;
  }

  function end({ totalBytes: said, sha256 }: Slice): Streamed | Failure {
    if (said !== totalBytes) return failure('upstream_failed', `${totalBytes} bytes came, ${said} were said`);
    if (sha256 !== undefined && sha256 !== Buffer.from(hash.digest()).toString('base64url')) {
      return failure('upstream_failed', 'the bytes that came are not those that were sent');
    }
    return waiting.size > 0 ? failure('upstream_failed', 'a part after the last') : { kind: 'streamed' };
  }

  return {
    begun,

    add(piece) {
      switch (piece.kind) {
        case 'error':
          return failureOfAgentError(piece.code, piece.message);
        case 'accepted':
          accepted = true;
          return undefined;
        case 'credit':
          credit = piece.bytes;
          return undefined;
        case 'head': {
          const head = readHead(piece);
          if (head.kind === 'failure') return head;
          if (piece.storedBytes !== undefined) return failure('upstream_failed', 'a body was put where nobody said');
          begin({ ...head, ...(piece.encoding && { encoding: piece.encoding }) });
          return arrived({ part: 0, body: piece.body, ...(!piece.more && { totalBytes: piece.body.length }) });
        }
        case 'part':
          return arrived(piece);
      }
    },

    isNew(piece) {
      switch (piece.kind) {
        case 'error':
          return true;
        case 'accepted':
          return !accepted;
        case 'credit':
          return piece.bytes > credit;
        case 'head':
          return nextPart === 0 && !waiting.has(0);
        case 'part':
          return piece.part >= nextPart && !waiting.has(piece.part);
      }
    },

    progress: () => ({
      accepted,
      from: nextPart,
      seen: [...waiting.keys()].sort((a, b) => a - b),
      bytes: takenBytes,
    }),

    async next(ended) {
      while (ready.length === 0) {
        const more = new Promise<true>((resolve) => {
          wake = () => resolve(true);
        });
        // What came last may be there with the end.
        if ((await Promise.race([more, ended.then(() => false)])) === false && ready.length === 0) return undefined;
      }
      const bytes = ready.shift() as Uint8Array;
      takenBytes += bytes.length;
      heldBytes -= bytes.length;
      return bytes;
    },
  };
}
