import type { Spreads } from './latency.ts';
import { PROFILE_NAMES, PROFILES, type ProfileName, ROWS, type Row } from './profiles.ts';

/** A profile, and medians in milliseconds in the place of its own. */
export type LatencyRows = { readonly profile?: ProfileName } & Readonly<Partial<Record<Row, number>>>;

/** What the setting `latency` may be: a profile's name alone, or with rows that differ. */
export type LatencySetting = ProfileName | LatencyRows;

/** The setting's long form. */
function rowsOf(setting: LatencySetting | undefined): LatencyRows {
  return typeof setting === 'string' ? { profile: setting } : (setting ?? {});
}

/** A setting over another. Rows go over the other's rows; where it names a profile, nothing of the other is left. */
export function overlayLatency(base: LatencySetting, over: LatencySetting): LatencyRows {
  const rows = rowsOf(over);
  return rows.profile === undefined ? { ...rowsOf(base), ...rows } : rows;
}

/**
 * The spreads that a setting asks for. A median of one's own keeps the proportions of the profile's row; where the profile
 * has no such row it has no spread.
 */
export function chooseSpreads(setting: LatencySetting | undefined): Spreads {
  const { profile = 'none', ...medians } = rowsOf(setting);
  const spreads: Record<string, Spreads[Row]> = { ...PROFILES[profile] };
  for (const row of ROWS) {
    const p50 = medians[row];
    if (p50 === undefined) continue;
    const old = spreads[row];
    spreads[row] = { p50, p99: old === undefined ? p50 : (p50 * old.p99) / old.p50 };
  }
  return spreads;
}

/**
 * Reads the setting as people write it; numbers may be text.
 * @param problems what is wrong is added to it
 */
export function readLatency(given: unknown, problems: string[]): LatencyRows {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return readProfile('latency', given, problems);
  let read: LatencyRows = {};
  for (const [name, value] of Object.entries(given)) {
    if (name === 'profile') read = { ...read, ...readProfile('latency.profile', value, problems) };
    else if (!isRow(name)) problems.push(`latency.${name} is no row: there are profile, ${ROWS.join(', ')}`);
    else read = { ...read, ...readMedian(name, value, problems) };
  }
  return read;
}

function readProfile(path: string, given: unknown, problems: string[]): LatencyRows {
  const profile = PROFILE_NAMES.find((name) => name === given);
  if (profile !== undefined) return { profile };
  problems.push(`${path} must be one of ${PROFILE_NAMES.join(', ')}, not ${JSON.stringify(given)}`);
  return {};
}

function readMedian(row: Row, given: unknown, problems: string[]): LatencyRows {
  const ms = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) return { [row]: ms };
  problems.push(`latency.${row} must be a number of milliseconds, not below 0, not ${JSON.stringify(given)}`);
  return {};
}

function isRow(name: string): name is Row {
  return ROWS.some((row) => row === name);
}
