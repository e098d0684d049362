/** Numbers in [0, 1). */
export type Random = () => number;

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
