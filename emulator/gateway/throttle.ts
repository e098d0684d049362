import type { Clock } from '../stack/clock.ts';

/** Takes a token where one is left: false means 429, or whatever the service says instead (HA-24, WS-50). */
export interface Throttle {
  take(): boolean;
}

export interface ThrottleOptions {
  /** Tokens a second; 0 never gives one back. */
  readonly rate: number;
  /** Tokens at once, and how many there are to begin with; 0 lets nothing through. */
  readonly burst: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** A token bucket, full at first. What is finer than a token is kept, so that the rate holds over time. */
export function createThrottle({ rate, burst, clock }: ThrottleOptions): Throttle {
  let tokens = burst;
  let filledAt = clock.now();
  return {
    take() {
      const now = clock.now();
      tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) * rate) / 1_000);
      filledAt = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
