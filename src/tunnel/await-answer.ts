import type { HeaderPair } from '../protocol/messages.ts';
import type { PartJoiner } from '../protocol/parts.ts';
import { createPartJoiner } from '../protocol/parts.ts';
import { responseHeaders } from './forwarded-headers.ts';
import type { Failure } from './outcomes.ts';
import { failure, failureOfAgentError } from './outcomes.ts';
import type { AnswerPiece, Clock, Rendezvous, VisitorResponse } from './ports.ts';

/** Milliseconds before the first look and at most between two: 50 catches a warm answer, 400 is cheap to wait with. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 400;
const PAUSE_GROWTH = 1.3;

export interface AwaitAnswerOptions {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** The largest body the door can give back, in bytes. */
  readonly maxBodyBytes: number;
}

/** Looks for the answer's pieces until it is whole, an error ends it, or the deadline passes. */
export async function awaitAnswer(
  { requestId, deadline, maxBodyBytes }: AwaitAnswerOptions,
  { answers, clock }: { readonly answers: Pick<Rendezvous, 'take'>; readonly clock: Clock },
): Promise<{ readonly kind: 'answered'; readonly response: VisitorResponse } | Failure> {
  const answer = createAnswer(maxBodyBytes);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    const remaining = deadline - clock.now();
    if (remaining <= 0) return failure('no_answer');
    await clock.sleep(Math.min(pause, remaining));
    for await (const piece of answers.take(requestId, answer.nextPart())) {
      const result = answer.add(piece);
      if (result) return result;
      pause = FIRST_PAUSE_MS;
    }
  }
}

function createAnswer(maxBodyBytes: number) {
  const joiner: PartJoiner = createPartJoiner(maxBodyBytes);
  let head: Extract<AnswerPiece, { kind: 'head' }> | undefined;

  function added(piece: Exclude<AnswerPiece, { kind: 'error' }>) {
    if (piece.kind === 'part') return joiner.add(piece);
    head = piece;
    return joiner.add({ part: 0, body: piece.body, ...(!piece.more && { totalBytes: piece.body.length }) });
  }

  return {
    /** The lowest part not seen yet: nothing below it need be read again. */
    nextPart: () => joiner.firstMissing(),
    /** @returns how the exchange ends, once it does */
    add(piece: AnswerPiece): { readonly kind: 'answered'; readonly response: VisitorResponse } | Failure | undefined {
      if (piece.kind === 'error') return failureOfAgentError(piece.code, piece.message);
      const joined = added(piece);
      if (joined.kind === 'too-large') return failure('response_too_large');
      if (joined.kind === 'broken') return failure('upstream_failed', joined.problem);
      if (joined.kind === 'incomplete' || !head) return undefined;
      if (head.status < 200 || head.status > 599) return failure('upstream_failed', `status ${head.status}`);
      if (!head.headers.every(isHeader)) return failure('upstream_failed', 'a header that HTTP cannot carry');
      return {
        kind: 'answered',
        response: { status: head.status, headers: responseHeaders(head.headers), body: joined.body },
      };
    },
  };
}

/** A token and a value of visible bytes, as RFC 9110 has them; the gateway fails on anything else. */
function isHeader([name, value]: HeaderPair): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
