import type { Clock } from '../../src/tunnel/ports.ts';

export interface FakeClock extends Clock {
  /** Runs `action` when the clock gets there, which it does while somebody sleeps. */
  at(time: number, action: () => Promise<unknown> | unknown): void;
}

interface Planned {
  readonly time: number;
  readonly sleeper: boolean;
  readonly run: () => unknown;
}

/**
 * A clock that stands still while anything runs. Once everybody sleeps it goes on to the next one's hour, so that hours
 * pass at once and those who sleep at the same time sleep side by side.
 */
export function createFakeClock(start = 1_761_400_000_000): FakeClock {
  let now = start;
  let planned: Planned[] = [];
  let going = false;

  function plan(one: Planned): void {
    planned = [...planned, one].sort((a, b) => a.time - b.time);
    if (one.sleeper && !going) goOn();
  }

  function goOn(): void {
    going = planned.some(({ sleeper }) => sleeper);
    // Promises that are kept go first: when an immediate runs, nobody is left awake.
    if (going) setImmediate(next);
  }

  function next(): void {
    const [first, ...later] = planned;
    planned = later;
    now = Math.max(now, first?.time ?? now);
    first?.run();
    goOn();
  }

  return {
    now: () => now,
    at: (time, run) => plan({ time, sleeper: false, run }),
    sleep: (milliseconds, until) =>
      new Promise((resolve) => {
        const sleeper = { time: now + milliseconds, sleeper: true, run: () => resolve() };
        plan(sleeper);
        void until?.then(() => {
          planned = planned.filter((one) => one !== sleeper);
          resolve();
        });
      }),
  };
}
