/** Time, passed in, so that ten-minute and two-hour limits can be tested in seconds. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`; the returned function cancels it. Never keeps the process alive by itself. */
  after(ms: number, callback: () => void): () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    let timer: NodeJS.Timeout;
    // A timer of Node's that is set for longer fires at once.
    const wait = (left: number) => {
      const now = Math.min(left, LONGEST_TIMER_MS);
      timer = setTimeout(() => (left > now ? wait(left - now) : callback()), now);
      timer.unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
