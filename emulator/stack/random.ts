/** Numbers in [0, 1). */
export type Random = () => number;

/** Numbers by what they are drawn for. The same name gives the same numbers from their first, each time it is asked. */
export type Streams = (name: string) => Random;

/**
 * Mulberry32: the same seed gives the same numbers, so a run whose order of events went wrong can be repeated.
 * @param seed any whole number; its lowest 32 bits count
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A stream for each name, so that what one part draws, or whether it draws at all, changes nothing for the others. */
export function createStreams(seed: number): Streams {
  return (name) => createRandom(hash(`${seed} ${name}`));
}

/**
 * Whether something that happens at `rate` (0 never, 1 always) happens now. Draws a number only where that is open, so that
 * always and never need no seed.
 */
export function strikes(rate: number, random: Random): boolean {
  return rate > 0 && (rate >= 1 || random() < rate);
}

/** Milliseconds from 0 to `most`, drawn; none are drawn where `most` is zero. */
export function drawDelay(most: number, random: Random): number {
  return most > 0 ? Math.floor(random() * (most + 1)) : 0;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
