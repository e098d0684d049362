/** Attempts that follow quickly: a connection that was cut is back in a moment, a gateway that restarts in a few seconds. */
const QUICK_ATTEMPTS = 14;
const QUICK_CEILING_MS = 350;
const FIRST_CEILING_MS = 1_000;
const LAST_CEILING_MS = 60_000;

/**
 * How long to wait before an attempt to connect: next to nothing before the first, some 0.2 s before each of the next, then
 * between half and the whole of a ceiling that doubles from 1 s to 60 s. Agents that lost their edge together come back
 * apart.
 * @param attempt counts from 1
 * @param random from 0 to 1
 * @returns whole milliseconds
 */
export function backoffMs(attempt: number, random: number): number {
  if (attempt === 1) return Math.round(random * 50);
  const quick = attempt <= QUICK_ATTEMPTS;
  const slow = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** (attempt - QUICK_ATTEMPTS - 1));
  return Math.round(((quick ? QUICK_CEILING_MS : slow) / 2) * (1 + random));
}

/** The first attempt that does not follow quickly: for a gateway that says it has too much to do. */
export const FIRST_SLOW_ATTEMPT = QUICK_ATTEMPTS + 1;
