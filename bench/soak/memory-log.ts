import type { Memory } from '../stack/child.ts';

/** What is watched: a name and a way to ask. */
export interface Watched {
  readonly name: string;
  memory(collect: boolean): Promise<Memory>;
}

export interface MemoryLog {
  stop(): void;
  /** Rows of a table: MB of RSS and of heap in use, the mean of each third of the time. */
  rows(): readonly (readonly string[])[];
}

interface Sample {
  readonly name: string;
  readonly memory: Memory;
  readonly collected: boolean;
}

const EVERY_MS = 1_000;
/** Collecting stops the process for a moment, so not each time. */
const COLLECT_EVERY = 10;

/** Asks each process once a second; its heap is taken from every tenth sample, when garbage has been collected. */
export function startMemoryLog(watched: readonly Watched[]): MemoryLog {
  const samples: Sample[] = [];
  let round = 0;
  const timer = setInterval(() => {
    const collected = round % COLLECT_EVERY === 0;
    round += 1;
    for (const { name, memory } of watched) {
      memory(collected).then(
        (measured) => samples.push({ name, memory: measured, collected }),
        // A process that has ended is told of elsewhere.
        () => {},
      );
    }
  }, EVERY_MS);

  function thirds(name: string, pick: (memory: Memory) => number, collectedOnly: boolean): string[] {
    const all = samples.filter((sample) => sample.name === name && (sample.collected || !collectedOnly));
    return [0, 1, 2].map((third) => {
      const part = all.slice(Math.floor((all.length * third) / 3), Math.floor((all.length * (third + 1)) / 3));
      return (part.reduce((sum, { memory }) => sum + pick(memory), 0) / part.length / 1_000_000).toFixed(0);
    });
  }

  return {
    stop: () => clearInterval(timer),
    rows: () =>
      watched.map(({ name }) => [
        name,
        ...thirds(name, ({ rss }) => rss, false),
        ...thirds(name, ({ heapUsed }) => heapUsed, true),
      ]),
  };
}
