import { ACCEPT_AFTER_MS } from '../protocol/limits.ts';
import type { Hearing } from './hearing.ts';
import type { Failure } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type { AnswerPiece, Clock } from './ports.ts';

/** Milliseconds without anything new before somebody looks after it: an agent that has the request says so before. */
const FIRST_PATIENCE_MS = 2 * ACCEPT_AFTER_MS;
const PATIENCE_GROWTH = 1.5;

/** How much of an answer is there. */
export interface Progress {
  /** The agent has the request whole: it has said so, or has begun to answer. */
  readonly accepted: boolean;
  /** The lowest part that is missing, and those beyond it that are there. */
  readonly from: number;
  readonly seen: readonly number[];
  /** Bytes of the body, as they travel, without a gap, of which the next window is counted. */
  readonly bytes: number;
}

/** What pieces become, as they come in any order and more than once. */
export interface Assembly<Result> {
  /** @returns what ends the waiting */
  add(piece: AnswerPiece): Result | Failure | undefined;
  /** False for what was there before. */
  isNew(piece: AnswerPiece): boolean;
  progress(): Progress;
}

/** Who sees to it that an answer comes. */
export interface Pursuit {
  /** There is more of the answer than before. */
  progressed(progress: Progress): Promise<void>;
  /** The agent takes more of the request's body. */
  granted(bytes: number): Promise<void>;
  /** Answers do not arrive any more where the agent sends them. */
  lost(progress: Progress): Promise<void>;
  /** Nothing has come for a while. @returns why it is of no use to wait any longer */
  silent(progress: Progress): Promise<Failure | undefined>;
}

export interface AwaitAnswerOptions {
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** The most that is waited in silence before {@link Pursuit.silent} is asked again, in milliseconds. */
  readonly longestPatienceMs: number;
}

/** Takes the answer's pieces as they come until they are what was waited for, an error ends it, or the deadline passes. */
export async function awaitAnswer<Result>(
  assembly: Assembly<Result>,
  hearing: Hearing,
  pursuit: Pursuit,
  { deadline, longestPatienceMs }: AwaitAnswerOptions,
  clock: Clock,
): Promise<Result | Failure> {
  let patience = FIRST_PATIENCE_MS;
  let silentAt = clock.now() + patience;
  let { from } = assembly.progress();
  for (;;) {
    const remaining = deadline - clock.now();
    if (remaining <= 0) return failure('no_answer');
    const woken = await hearing.wait(Math.min(remaining, Math.max(0, silentAt - clock.now())));
    if (woken === 'closed') return failure('no_answer', 'nobody waits for it any more');
    let news = false;
    for await (const piece of hearing.take(from)) {
      if (!assembly.isNew(piece)) continue;
      news = true;
      const result = assembly.add(piece);
      if (result) return result;
      if (piece.kind === 'credit') await pursuit.granted(piece.bytes);
    }
    const progress = assembly.progress();
    // What comes beyond a gap is no reason to wait any longer for the gap.
    const stuck = progress.seen.length > 0 && progress.from === from;
    from = progress.from;
    if (news) {
      hearing.encouraged();
      await pursuit.progressed(progress);
    }
    if (woken === 'lost') {
      await pursuit.lost(progress);
      silentAt = clock.now() + patience;
    } else if (news && !stuck) {
      patience = FIRST_PATIENCE_MS;
      silentAt = clock.now() + patience;
    } else if (clock.now() >= silentAt) {
      const hopeless = await pursuit.silent(progress);
      if (hopeless) return hopeless;
      patience = Math.min(patience * PATIENCE_GROWTH, longestPatienceMs);
      silentAt = clock.now() + patience;
    }
  }
}
