const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

const LONGEST_MS = 3_600_000;

/** Reads `10`, `10s`, `2.5s`, `500ms` or `1m`, from a millisecond to an hour. @returns whole milliseconds, or undefined */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  if (!match) return undefined;
  const ms = Math.round(Number(match[1]) * (UNITS[match[2] ?? 's'] ?? 0));
  return ms >= 1 && ms <= LONGEST_MS ? ms : undefined;
}
