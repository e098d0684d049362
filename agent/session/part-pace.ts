/** How long a part of a stream waits for more after its first byte, in milliseconds, at least. */
export const SHORTEST_PAUSE_MS = 15;

/** From this share of its parts on a stream spends the rest of them evenly over the rest of its time. */
const EVEN_FROM = 0.75;

/**
 * How long the next part waits for more, so that a stream never needs more than `parts` parts that are not full, however it comes.
 *
 * Spread evenly over 15 minutes, parts would wait 0.4 s each, from the first on. So the pause is short at first, and nears the even
 * one (time left by parts left) with the third power of what is spent. Once it is the even one it holds for good: each part takes its
 * share of the time at least, so that the last one ends with the time. A source that never rests has waited 15 ms for its first 400
 * parts, a tenth of a second after half a minute, a quarter after one, and 1.1 s at most. One that is quiet in between earns its short pauses back, as time
 * passes and parts do not.
 * @param spent parts that left because their pause was over
 * @param msLeft until the exchange ends
 * @returns infinity where no part is left: the next leaves when it is full, or the last
 */
export function pauseMs(spent: number, parts: number, msLeft: number): number {
  const left = parts - spent;
  if (left <= 0) return Number.POSITIVE_INFINITY;
  const share = Math.min(1, spent / parts / EVEN_FROM) ** 3;
  return Math.max(SHORTEST_PAUSE_MS, (share * msLeft) / left);
}
