const FIRST_CEILING_MS = 2_000;
const LAST_CEILING_MS = 60_000;

/**
 * How long to wait before an attempt to connect: between half and the whole of a ceiling that doubles from 2 s to 60 s.
 * So it is never under one second nor over one minute, and agents that lost their edge together come back apart.
 * @param attempt counts from 1
 * @param random from 0 to 1
 * @returns whole milliseconds
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** (attempt - 1));
  return Math.round((ceiling / 2) * (1 + random));
}
