const AWAKE = 0;
const FROZEN = 1;

/**
 * Holds a worker's thread still between events (LA-02): its timers, sockets and promises with it. Threads and processes that
 * the function has started itself go on.
 */
export interface Freezer {
  /** For the worker, which freezes by it. */
  readonly memory: Int32Array;
  wake(): void;
}

export function createFreezer(): Freezer {
  const memory = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  return {
    memory,
    wake() {
      Atomics.store(memory, 0, AWAKE);
      Atomics.notify(memory, 0);
    },
  };
}

/**
 * The worker's side: says its last word, then stands still until it is woken. The word leaves at once, as messages of
 * workers do not wait for the event loop of who sends them. Whoever hears it may wake the worker before it has fallen
 * asleep, so it counts as frozen from before.
 */
export function freezeAfter(memory: Int32Array | undefined, lastWord: () => void): void {
  if (memory !== undefined) Atomics.store(memory, 0, FROZEN);
  lastWord();
  if (memory !== undefined) Atomics.wait(memory, 0, FROZEN);
}
