import type { AnswerPiece, Clock, Rendezvous, ReplySocket } from './ports.ts';
import type { RequestIds } from './request-id.ts';

/** Milliseconds before the first look at the table and at most between two: 50 catches a warm answer, 400 is cheap to wait with. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 400;
const PAUSE_GROWTH = 1.3;

/** How a waiting exchange hears of its answer: pushed to this function's own connection, or by looks at the table. */
export interface Hearing {
  /** What the agent must be told; undefined where the answer is to come by the table. */
  replyTo(): string | undefined;
  /**
   * Resolves when there may be something to take, after `ms` at the latest.
   * @returns `lost` where the connection is, since the last call: from now on the answer must come by the table; `closed` where nobody
   * waits any more
   */
  wait(ms: number): Promise<'lost' | 'closed' | undefined>;
  /** The pieces that are there, in any order; those of the table number `fromPart` or more. */
  take(fromPart: number): AsyncIterable<AnswerPiece>;
  /** Something has come: the next look is soon. */
  encouraged(): void;
  /** Whether what is pushed still arrives; where it does not, it is by the table from now on, and `wait` says no more of that. */
  prove(): Promise<void>;
  /** Goes back from the table to a connection that is there by now. @returns whether there is one */
  resume(): boolean;
  close(): void;
}

export interface HearingDependencies {
  readonly answers: Pick<Rendezvous, 'take'>;
  /** Absent where all answers come by the table. */
  readonly replies?: ReplySocket | undefined;
  readonly clock: Clock;
}

export function createHearing(
  requestId: string,
  /** Whether the agent can be told where to answer. */
  pushes: boolean,
  ids: Pick<RequestIds, 'replyTo'>,
  { answers, replies: socket, clock }: HearingDependencies,
): Hearing {
  const replies = pushes ? socket : undefined;
  const inbox: AnswerPiece[] = [];
  let pause = FIRST_PAUSE_MS;
  let lost = false;
  let closed = false;
  let lookAtTable = false;
  let wake: () => void = () => {};
  let connectionId: string | undefined;

  const unlisten = replies?.listen(requestId, {
    heard(piece) {
      inbox.push(piece);
      wake();
    },
    lost() {
      if (connectionId === undefined) return;
      connectionId = undefined;
      lost = true;
      wake();
    },
  });
  connectionId = replies?.current();

  return {
    replyTo: () => (connectionId === undefined ? undefined : ids.replyTo(requestId, connectionId)),

    async wait(ms) {
      const pushed = connectionId !== undefined;
      if (inbox.length === 0 && !lost && !closed) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await clock.sleep(pushed ? ms : Math.min(pause, ms), woken);
        if (!pushed) pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS);
      }
      // Where nothing was pushed for so long, the message function may have had to use the table.
      lookAtTable = inbox.length === 0;
      if (closed) return 'closed';
      if (!lost) return undefined;
      lost = false;
      return 'lost';
    },

    async *take(fromPart) {
      yield* inbox.splice(0);
      if (lookAtTable) yield* answers.take(requestId, fromPart);
    },

    encouraged() {
      pause = FIRST_PAUSE_MS;
    },

    async prove() {
      if (connectionId !== undefined) await replies?.prove();
      lost = false;
    },

    resume() {
      connectionId ??= replies?.current();
      return connectionId !== undefined;
    },

    close() {
      closed = true;
      unlisten?.();
      wake();
    },
  };
}
