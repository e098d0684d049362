import { MAX_PARTS } from '../../src/protocol/limits.ts';
import type { Clock } from './clock.ts';
import { pauseMs } from './part-pace.ts';
import type { BodySlice, CutBody } from './slices.ts';

export interface CoalesceOptions {
  readonly clock: Clock;
  /** The body ends, or is ended, before it is longer, and before so much time is over: every part gets a number in between. */
  readonly limitBytes: number;
  readonly limitMs: number;
  /** Nobody wants the rest. */
  readonly cancelled: AbortSignal;
}

/** A timer that can be raced against the next piece. */
interface Due {
  readonly over: Promise<typeof OVER>;
  readonly disarm: () => void;
}

const OVER = Symbol('over');

/**
 * Cuts a body as it comes: a slice ends when it is full, or when a pause after its first byte is over; the first one, which goes with
 * the head, when this turn of the event loop is, with what is there by then. The last is empty where nothing came after the one before.
 * What has come before the body fails is given first.
 * Holds one slice and reads one piece ahead. Leaving early ends the body's iteration, but does not wait for it: an upstream that is
 * silent settles only when it is aborted.
 */
export function coalescing({ clock, limitBytes, limitMs, cancelled }: CoalesceOptions): CutBody {
  return async function* (body, firstBytes, laterBytes): AsyncGenerator<BodySlice> {
    const end = clock.now() + limitMs;
    // The head, the last part, and those that are full have numbers too.
    const parts = MAX_PARTS - 2 - Math.ceil(limitBytes / laterBytes);
    const pieces = body[Symbol.asyncIterator]();
    let spent = 0;
    let room = firstBytes;
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    let due: Due | undefined = endOfTurn();

    const read = () => {
      const next = pieces.next();
      // It is awaited later than it may fail, or never.
      next.catch(() => {});
      return next;
    };
    const take = (last: boolean): BodySlice => {
      const bytes = Buffer.concat(held);
      due?.disarm();
      due = undefined;
      held = [];
      heldBytes = 0;
      room = laterBytes;
      return { bytes, last };
    };
    let head = true;

    try {
      for (let next = read(); ; ) {
        const piece = due ? await Promise.race([next, due.over]) : await next;
        if (piece === OVER) {
          if (!head) spent += 1;
          head = false;
          yield take(false);
          continue;
        }
        if (piece.done) {
          yield take(true);
          return;
        }
        next = read();
        let rest = piece.value;
        while (heldBytes + rest.length > room) {
          held.push(rest.subarray(0, room - heldBytes));
          rest = rest.subarray(room - heldBytes);
          head = false;
          yield take(false);
        }
        if (rest.length === 0) continue;
        held.push(rest);
        heldBytes += rest.length;
        due ??= after(clock, pauseMs(spent, parts, end - clock.now()));
      }
    } catch (error) {
      if (heldBytes > 0 && !cancelled.aborted) yield take(false);
      throw error;
    } finally {
      due?.disarm();
      pieces.return?.().catch(() => {});
    }
  };
}

function after(clock: Clock, ms: number): Due {
  let disarm = () => {};
  const over = new Promise<typeof OVER>((resolve) => {
    disarm = clock.after(ms, () => resolve(OVER));
  });
  return { over, disarm };
}

/** What came in one segment with the head has been read by then: a small answer is one message. */
function endOfTurn(): Due {
  let disarm = () => {};
  const over = new Promise<typeof OVER>((resolve) => {
    const turn = setImmediate(() => resolve(OVER));
    disarm = () => clearImmediate(turn);
  });
  return { over, disarm };
}
