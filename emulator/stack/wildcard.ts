/**
 * Whether `text` fits a pattern in which `*` stands for any text and `?` for any one character, as in ARNs and actions.
 * Remembers only the last `*`, so that no pattern takes more than quadratic time.
 */
export function wildcardMatches(pattern: string, text: string): boolean {
  let at = 0;
  let patternAt = 0;
  let star = -1;
  let starredUpTo = 0;
  while (at < text.length) {
    if (pattern[patternAt] === '*') {
      star = patternAt++;
      starredUpTo = at;
    } else if (patternAt < pattern.length && (pattern[patternAt] === '?' || pattern[patternAt] === text[at])) {
      patternAt++;
      at++;
    } else if (star >= 0) {
      patternAt = star + 1;
      at = ++starredUpTo;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}
