import type { LambdaFunction } from '../stack/stack.ts';

type Limited = Pick<LambdaFunction, 'arn' | 'reservedConcurrency'>;

/** How many invocations may be under way at once (LA-06). */
export interface Concurrency {
  /** Learns what the functions have reserved; what is under way goes on counting as it did. */
  reserve(functions: readonly Limited[]): void;
  enter(fn: Limited): Entrance;
}

export type Entrance =
  | { readonly kind: 'entered'; leave(): void }
  /** `limit` is what is in use up to the last: the function's own, or what the account has left for all others. */
  | { readonly kind: 'refused'; readonly reason: 'account' | 'function'; readonly limit: number };

/**
 * What functions reserve is theirs alone and is taken from the account's; all others share the rest.
 * @param account invocations at once, of all functions together
 */
export function createConcurrency(account: number): Concurrency {
  const reserved = new Map<string, number>();
  let unreserved = 0;
  let unreservedLimit = account;

  return {
    reserve(functions) {
      const total = functions.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
      unreservedLimit = Math.max(0, account - total);
    },

    enter({ arn, reservedConcurrency }) {
      if (reservedConcurrency === undefined) {
        if (unreserved >= unreservedLimit) return { kind: 'refused', reason: 'account', limit: unreservedLimit };
        unreserved++;
        return { kind: 'entered', leave: () => unreserved-- };
      }
      const underWay = reserved.get(arn) ?? 0;
      if (underWay >= reservedConcurrency) return { kind: 'refused', reason: 'function', limit: reservedConcurrency };
      reserved.set(arn, underWay + 1);
      return { kind: 'entered', leave: () => reserved.set(arn, (reserved.get(arn) ?? 1) - 1) };
    },
  };
}
