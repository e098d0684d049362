import type { Clock } from '../../stack/clock.ts';

/** Answers that are kept for a while. */
export interface AnswerCache<Answer> {
  get(key: string): Answer | undefined;
  set(key: string, answer: Answer): void;
}

/** Entries of one authorizer: identities come from clients, who may make up as many as they like. */
const MOST_ENTRIES = 1_000;

/** @param ttlMs milliseconds from the answer on, however often it is used; 0 keeps nothing */
export function createAnswerCache<Answer>(clock: Pick<Clock, 'now'>, ttlMs: number): AnswerCache<Answer> {
  const kept = new Map<string, { readonly answer: Answer; readonly until: number }>();
  return {
    get(key) {
      const entry = kept.get(key);
      if (entry && clock.now() < entry.until) return entry.answer;
      kept.delete(key);
      return undefined;
    },
    set(key, answer) {
      if (ttlMs <= 0) return;
      kept.delete(key);
      kept.set(key, { answer, until: clock.now() + ttlMs });
      // A map gives its keys in the order they came: the first is the oldest.
      const [oldest] = kept.keys();
      if (kept.size > MOST_ENTRIES && oldest !== undefined) kept.delete(oldest);
    },
  };
}
