import type { Clock } from '../../../agent/session/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due on the way, in its order. */
  advance(ms: number): void;
  /** Timers that are running. */
  pending(): number;
}

export function createManualClock(): ManualClock {
  let now = 1_700_000_000_000;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
        if (!due) break;
        timers.delete(due);
        now = due.at;
        due.callback();
      }
      now = end;
    },
    pending: () => timers.size,
  };
}
