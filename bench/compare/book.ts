import { median } from './numbers.ts';

/** What was measured, by scene, design and quantity; every value of every round. */
export interface Book {
  add(scene: string, design: string, quantity: string, value: number): void;
  /** From now on the scene counts as failed for this design, and is not tried again. */
  fail(scene: string, design: string, why: string): void;
  /** Something that went wrong in a scene that went on. */
  note(scene: string, design: string, what: string): void;
  problem(scene: string, design: string): string | undefined;
  values(scene: string, design: string, quantity: string): readonly number[];
  /** The median of all rounds; undefined where there is none. */
  value(scene: string, design: string, quantity: string): number | undefined;
  /** Everything that went wrong, a line each. */
  mishaps(): readonly string[];
  toJSON(): object;
}

export function createBook(): Book {
  const values = new Map<string, number[]>();
  const problems = new Map<string, string>();
  const notes = new Map<string, string[]>();
  const keyOf = (...parts: readonly string[]) => parts.join(' | ');
  const all = (scene: string, design: string, quantity: string) => values.get(keyOf(scene, design, quantity)) ?? [];
  return {
    add(scene, design, quantity, value) {
      values.set(keyOf(scene, design, quantity), [...all(scene, design, quantity), value]);
    },
    fail: (scene, design, why) => void problems.set(keyOf(scene, design), why),
    note(scene, design, what) {
      const key = keyOf(scene, design);
      notes.set(key, [...(notes.get(key) ?? []), what]);
    },
    problem: (scene, design) => problems.get(keyOf(scene, design)),
    values: all,
    value(scene, design, quantity) {
      const found = all(scene, design, quantity);
      return found.length > 0 ? median(found) : undefined;
    },
    mishaps: () => [
      ...[...problems].map(([key, why]) => `${key}: ${why}`),
      ...[...notes].map(([key, whats]) => `${key}: ${whats.join('; ')}`),
    ],
    toJSON: () => ({
      medians: Object.fromEntries([...values].map(([key, found]) => [key, median(found)])),
      rounds: Object.fromEntries(values),
      problems: Object.fromEntries(problems),
      notes: Object.fromEntries(notes),
    }),
  };
}
