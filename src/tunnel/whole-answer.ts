import type { Sha256, Slice } from '../protocol/parts.ts';
import { createPartJoiner } from '../protocol/parts.ts';
import type { HeadPiece } from './answer-head.ts';
import { readHead } from './answer-head.ts';
import type { Assembly } from './await-answer.ts';
import type { Failure } from './outcomes.ts';
import { failure, failureOfAgentError } from './outcomes.ts';
import type { Compression, VisitorResponse } from './ports.ts';

/** Compressed, a body that hardly compresses may grow a little. */
const COMPRESSION_OVERHEAD_BYTES = 65_536;

export interface WholeAnswer {
  readonly kind: 'answered';
  readonly response: VisitorResponse;
  /** Bytes of a body that lies elsewhere; the response's own is empty then. */
  readonly storedBytes?: number;
}

/**
 * An answer that is given back once it is whole, to the last byte.
 * @param maxBodyBytes the largest body the door can give back
 */
export function createWholeAnswer(
  maxBodyBytes: number,
  sha256: Sha256,
  compression: Pick<Compression, 'expand'>,
): Assembly<WholeAnswer> {
  const joiner = createPartJoiner(maxBodyBytes + COMPRESSION_OVERHEAD_BYTES, sha256);
  let head: HeadPiece | undefined;
  let accepted = false;
  let credit = 0;
  const seen = new Set<number>();

  function joined(slice: Slice): WholeAnswer | Failure | undefined {
    accepted = true;
    const result = joiner.add(slice);
    if (result.kind === 'too-large') return failure('response_too_large');
    if (result.kind === 'broken') return failure('upstream_failed', result.problem);
    if (result.kind === 'incomplete' || !head) return undefined;
    const read = readHead(head);
    if (read.kind === 'failure') return read;
    const body = head.encoding ? compression.expand(result.body, maxBodyBytes) : result.body;
    if (!body) return failure('response_too_large', 'the body cannot be expanded to what the door can give back');
    if (body.length > maxBodyBytes) return failure('response_too_large');
    const response = { status: read.status, headers: read.headers, body };
    return { kind: 'answered', response, ...(head.storedBytes !== undefined && { storedBytes: head.storedBytes }) };
  }

  return {
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
        case 'head':
          head = piece;
          seen.add(0);
          return joined({ part: 0, body: piece.body, ...(!piece.more && { totalBytes: piece.body.length }) });
        case 'part':
          seen.add(piece.part);
          return joined(piece);
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
          return !seen.has(0);
        case 'part':
          return !seen.has(piece.part);
      }
    },

    progress: () => ({
      accepted,
      from: joiner.firstMissing(),
      seen: joiner.seenBeyond(),
      bytes: joiner.contiguousBytes(),
    }),
  };
}
