/**
 * The known word that somebody may have meant, if one is near: at most two letters wrong, missing, swapped or too many
 * (one in a word of four letters or fewer); spelled otherwise (`tunnelId` for `tunnel-id`) or cut short (`host`).
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const plain = plainly(word);
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(plain, plainly(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  const [first] = ranked;
  if (first && first.distance <= (plain.length > 4 ? 2 : 1)) return first.candidate;
  const longer = plain.length >= 3 ? known.filter((candidate) => plainly(candidate).startsWith(plain)) : [];
  return longer.length === 1 ? longer[0] : undefined;
}

function plainly(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Edits from one to the other, where swapping two neighbours is one edit (Damerau, restricted). */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        cell(current, column - 1) + 1,
        cell(last, column) + 1,
        cell(last, column - 1) + (same ? 0 : 1),
        swapped ? cell(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return cell(last, to.length);
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
