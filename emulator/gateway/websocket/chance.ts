/**
 * Whether something that happens at `rate` (0 never, 1 always) happens now. Draws a number only where the rate is above
 * zero, so that a fault turned on changes nothing of what the same seed gave before.
 */
export function strikes(rate: number, random: () => number): boolean {
  return rate > 0 && random() < rate;
}

/** Milliseconds from 0 to `most`, drawn; none are drawn where `most` is zero. */
export function drawDelay(most: number, random: () => number): number {
  return most > 0 ? Math.floor(random() * (most + 1)) : 0;
}
