import type { Clock } from '../../stack/clock.ts';

/** Lets something pass after `ms`, and never before what was handed in ahead of it. */
export type Line = (ms: number, pass: () => void) => void;

/** One direction of a connection: things take their time in it, each its own, and keep their order as on TCP. */
export function createLine(clock: Clock): Line {
  const waiting: { due: boolean; readonly pass: () => void }[] = [];

  return (ms, pass) => {
    const entry = { due: ms <= 0, pass };
    waiting.push(entry);
    const arrive = () => {
      entry.due = true;
      while (waiting[0]?.due) waiting.shift()?.pass();
    };
    if (entry.due) arrive();
    else clock.after(ms, arrive);
  };
}
