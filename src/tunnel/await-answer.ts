import { ACCEPT_AFTER_MS } from '../protocol/limits.ts';
import type { HeaderPair } from '../protocol/messages.ts';
import type { Sha256, Slice } from '../protocol/parts.ts';
import { createPartJoiner } from '../protocol/parts.ts';
import { responseHeaders } from './forwarded-headers.ts';
import type { Failure } from './outcomes.ts';
import { failure, failureOfAgentError } from './outcomes.ts';
import type { AnswerPiece, Clock, Compression, Rendezvous, VisitorResponse } from './ports.ts';

/** Milliseconds before the first look and at most between two: 50 catches a warm answer, 400 is cheap to wait with. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 400;
const PAUSE_GROWTH = 1.3;

/** Milliseconds without anything new before somebody looks after it: an agent that has the request says so before. */
const FIRST_PATIENCE_MS = 2 * ACCEPT_AFTER_MS;
const LONGEST_PATIENCE_MS = 5_000;
const PATIENCE_GROWTH = 1.5;

/** Compressed, a body that hardly compresses may grow a little. */
const COMPRESSION_OVERHEAD_BYTES = 65_536;

export interface AwaitAnswerOptions {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** The largest body the door can give back, in bytes. */
  readonly maxBodyBytes: number;
}

export interface AwaitAnswerDependencies {
  readonly answers: Pick<Rendezvous, 'take'>;
  readonly compression: Pick<Compression, 'expand'>;
  readonly sha256: Sha256;
  readonly clock: Clock;
}

/** How much of an answer is there. */
export interface Progress {
  /** The agent has the request whole: it has said so, or has begun to answer. */
  readonly accepted: boolean;
  /** The lowest part that is missing, and those beyond it that are there. */
  readonly from: number;
  readonly seen: readonly number[];
  /** Bytes of the body, as they travel, without a gap. */
  readonly bytes: number;
}

/** Who sees to it that an answer comes. */
export interface Pursuit {
  /** There is more of the answer than before. */
  progressed(progress: Progress): Promise<void>;
  /** The agent takes more of the request's body. */
  granted(bytes: number): Promise<void>;
  /** Nothing has come for a while. @returns why it is of no use to wait any longer */
  silent(progress: Progress): Promise<Failure | undefined>;
}

export interface Answered {
  readonly kind: 'answered';
  readonly response: VisitorResponse;
  /** Bytes of a body that lies elsewhere; the response's own is empty then. */
  readonly storedBytes?: number;
}

/** Looks for the answer's pieces until it is whole, an error ends it, or the deadline passes. */
export async function awaitAnswer(
  { requestId, deadline, maxBodyBytes }: AwaitAnswerOptions,
  pursuit: Pursuit,
  dependencies: AwaitAnswerDependencies,
): Promise<Answered | Failure> {
  const { answers, clock } = dependencies;
  const answer = createAnswer(maxBodyBytes, dependencies);
  let heardAt = clock.now();
  let patience = FIRST_PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    const remaining = deadline - clock.now();
    if (remaining <= 0) return failure('no_answer');
    await clock.sleep(Math.min(pause, remaining));
    let news = false;
    for await (const piece of answers.take(requestId, answer.progress().from)) {
      if (!answer.isNew(piece)) continue;
      news = true;
      const result = answer.add(piece);
      if (result) return result;
      if (piece.kind === 'credit') await pursuit.granted(piece.bytes);
    }
    if (news) {
      await pursuit.progressed(answer.progress());
      heardAt = clock.now();
      pause = FIRST_PAUSE_MS;
      patience = FIRST_PATIENCE_MS;
    } else if (clock.now() - heardAt >= patience) {
      const hopeless = await pursuit.silent(answer.progress());
      if (hopeless) return hopeless;
      heardAt = clock.now();
      patience = Math.min(patience * PATIENCE_GROWTH, LONGEST_PATIENCE_MS);
    }
  }
}

function createAnswer(maxBodyBytes: number, { compression, sha256 }: AwaitAnswerDependencies) {
  const joiner = createPartJoiner(maxBodyBytes + COMPRESSION_OVERHEAD_BYTES, sha256);
  let head: Extract<AnswerPiece, { kind: 'head' }> | undefined;
  let accepted = false;
  let credit = 0;
  const seen = new Set<number>();

  function add(piece: AnswerPiece): Answered | Failure | undefined {
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
  }

  function joined(slice: Slice): Answered | Failure | undefined {
    accepted = true;
    const result = joiner.add(slice);
    if (result.kind === 'too-large') return failure('response_too_large');
    if (result.kind === 'broken') return failure('upstream_failed', result.problem);
    if (result.kind === 'incomplete' || !head) return undefined;
    if (head.status < 200 || head.status > 599) return failure('upstream_failed', `status ${head.status}`);
    if (!head.headers.every(isHeader)) return failure('upstream_failed', 'a header that HTTP cannot carry');
    const body = head.encoding ? compression.expand(result.body, maxBodyBytes) : result.body;
    if (!body) return failure('response_too_large', 'the body cannot be expanded to what the door can give back');
    if (body.length > maxBodyBytes) return failure('response_too_large');
    const response = { status: head.status, headers: responseHeaders(head.headers), body };
    return { kind: 'answered', response, ...(head.storedBytes !== undefined && { storedBytes: head.storedBytes }) };
  }

  return {
    add,
    /** Pieces are read again and again as long as something before them is missing. */
    isNew(piece: AnswerPiece): boolean {
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
    progress: (): Progress => ({
      accepted,
      from: joiner.firstMissing(),
      seen: joiner.seenBeyond(),
      bytes: joiner.contiguousBytes(),
    }),
  };
}

/** A token and a value of visible bytes, as RFC 9110 has them; the gateway fails on anything else. */
function isHeader([name, value]: HeaderPair): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
