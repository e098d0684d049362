import { wrong } from './unresolvable.ts';

/**
 * How much a template may make the emulator do. Intrinsics that refer to each other can multiply: a template of a few
 * kilobytes could otherwise fill the memory, or never end.
 */
export interface Bounds {
  /** Evaluates what lies inside of something else. @throws Unresolvable when that goes too deep */
  within<T>(path: string, evaluate: () => T): T;
  /** Counts characters or items that an intrinsic function makes. @throws Unresolvable when they are too many */
  spend(path: string, amount: number): void;
}

const DEEPEST = 300;
/** Characters and items of all values together; the largest templates come to a fraction of it. */
const MOST_MADE = 64 * 1024 * 1024;

export function createBounds(): Bounds {
  let depth = 0;
  let made = 0;
  return {
    within(path, evaluate) {
      if (depth >= DEEPEST) throw wrong(path, `it lies, or refers to others, more than ${DEEPEST} deep`);
      depth++;
      try {
        return evaluate();
      } finally {
        depth--;
      }
    },
    spend(path, amount) {
      made += amount;
      if (made > MOST_MADE) throw wrong(path, 'intrinsic functions make more text of this template than fits anywhere');
    },
  };
}
