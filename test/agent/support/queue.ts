/** Keeps what comes from its birth on, so that a test never misses what it has not asked for yet. */
export interface Queue<Item> {
  push(item: Item): void;
  /** The next item, or the next that fits; those before it stay for others. Fails after some seconds without one. */
  next(fits?: (item: Item) => boolean): Promise<Item>;
  /** What nobody has taken yet. */
  readonly rest: readonly Item[];
}

const PATIENCE_MS = 6_000;

export function createQueue<Item>(name: string): Queue<Item> {
  const rest: Item[] = [];
  const waiting = new Set<{ fits: (item: Item) => boolean; take: (item: Item) => void }>();
  return {
    rest,
    push(item) {
      const taker = [...waiting].find(({ fits }) => fits(item));
      if (taker) taker.take(item);
      else rest.push(item);
    },
    next(fits = () => true) {
      const at = rest.findIndex(fits);
      if (at >= 0) return Promise.resolve(rest.splice(at, 1)[0] as Item);
      return new Promise((resolve, reject) => {
        const impatience = setTimeout(() => {
          waiting.delete(taker);
          reject(new Error(`${name}: nothing came; there is ${JSON.stringify(rest)}`));
        }, PATIENCE_MS);
        const taker = {
          fits,
          take(item: Item) {
            clearTimeout(impatience);
            waiting.delete(taker);
            resolve(item);
          },
        };
        waiting.add(taker);
      });
    },
  };
}
