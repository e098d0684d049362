import { DEFAULT_DATABASE_FAULTS } from './dynamodb/faults.ts';
import { type EmulatorOptions, portsOf } from './emulator.ts';
import { DEFAULT_GATEWAY_FAULTS } from './gateway/faults.ts';
import { DEFAULT_QUOTAS } from './gateway/quotas.ts';
import { DEFAULT_SWITCHES, SWITCH_VALUES } from './gateway/switches.ts';
import { DEFAULT_LAMBDA_FAULTS } from './lambda/faults.ts';
import { EmulatorError } from './stack/emulator-error.ts';

type Value = number | boolean | string;
type Group = Readonly<Record<string, Value>>;

/** What serverless.yml (`custom.postern`) and the command line may set; `SETTINGS.md` tells what each does. */
export type Settings = Pick<
  EmulatorOptions,
  | 'clockSpeed'
  | 'concurrency'
  | 'dynamodb'
  | 'environment'
  | 'faults'
  | 'freeze'
  | 'ports'
  | 'quotas'
  | 'seed'
  | 'switches'
  | 'tls'
  | 'ttlDelayMs'
>;

/** Every setting that is one value, in its group, with its default; none means that absence has a meaning of its own. */
export const SETTINGS = {
  switches: DEFAULT_SWITCHES as unknown as Group,
  quotas: DEFAULT_QUOTAS as unknown as Group,
  faults: { ...DEFAULT_GATEWAY_FAULTS, ...DEFAULT_LAMBDA_FAULTS, ...DEFAULT_DATABASE_FAULTS } as Group,
  ports: portsOf() as unknown as Group,
} as const;

const SINGLE: Readonly<Record<string, 'number' | 'boolean' | 'text'>> = {
  clockSpeed: 'number',
  concurrency: 'number',
  dynamodb: 'text',
  freeze: 'boolean',
  seed: 'number',
  tls: 'boolean',
  ttlDelayMs: 'number',
};

const GROUPS = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
const MOST_PORT = 65_535;

/**
 * Checks settings as people write them: numbers and booleans may be text, since variables of serverless.yml always are.
 * @throws EmulatorError SETTINGS_INVALID naming everything that is wrong
 */
export function readSettings(given: Readonly<Record<string, unknown>>): Settings {
  const problems: string[] = [];
  const read = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined || value === null) return [];
    if (isGroup(name)) return [[name, readGroup(name, value, problems)]];
    if (name === 'environment') return [[name, readEnvironment(value, problems)]];
    const kind = SINGLE[name];
    if (kind === undefined) problems.push(`${name} is no setting`);
    return kind === undefined ? [] : [[name, readValue(name, value, kind, problems)]];
  });
  if (problems.length > 0) throw invalid(problems);
  return Object.fromEntries(read) as Settings;
}

/**
 * Reads `name=value` words of a command line. Names say no group, since each is one of its own; but `ports.http`.
 * @throws EmulatorError SETTINGS_INVALID
 */
export function readAssignments(words: readonly string[]): Settings {
  const problems: string[] = [];
  const settings: Record<string, Record<string, string> | string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const [name, value] = [word.slice(0, Math.max(equals, 0)), word.slice(equals + 1)];
    const port = /^ports\.(.+)$/.exec(name)?.[1];
    const group = port ? 'ports' : GROUPS.find((each) => each !== 'ports' && Object.hasOwn(SETTINGS[each], name));
    if (equals < 1) problems.push(`${JSON.stringify(word)} is not name=value`);
    else if (group) settings[group] = { ...(settings[group] as object), [port ?? name]: value };
    else if (Object.hasOwn(SINGLE, name)) settings[name] = value;
    else problems.push(`${name} is no setting`);
  }
  if (problems.length > 0) throw invalid(problems);
  return readSettings(settings);
}

/** Settings over other settings; a group's values one by one. */
export function overlay(base: Settings, over: Settings): Settings {
  const groups = [...GROUPS, 'environment' as const].flatMap((name) =>
    base[name] || over[name] ? [[name, { ...base[name], ...over[name] }]] : [],
  );
  return { ...base, ...over, ...Object.fromEntries(groups) };
}

function isGroup(name: string): name is keyof typeof SETTINGS {
  return Object.hasOwn(SETTINGS, name);
}

function readGroup(group: keyof typeof SETTINGS, given: unknown, problems: string[]): Group {
  if (typeof given !== 'object' || given === null) {
    problems.push(`${group} must be a map`);
    return {};
  }
  const known = SETTINGS[group];
  const entries = Object.entries(given).flatMap(([name, value]): [string, Value][] => {
    const path = `${group}.${name}`;
    if (!Object.hasOwn(known, name)) {
      problems.push(`${path} is no setting: there are ${Object.keys(known).join(', ')}`);
      return [];
    }
    const read = readValue(path, value, kindOf(known[name]), problems);
    if (read === undefined) return [];
    const wrong = wrongValue(group, name, read);
    if (wrong !== undefined) problems.push(`${path} ${wrong}`);
    return [[name, read]];
  });
  return Object.fromEntries(entries);
}

function wrongValue(group: string, name: string, value: Value): string | undefined {
  const choices = group === 'switches' ? SWITCH_VALUES[name] : undefined;
  if (choices && !choices.includes(String(value))) return `must be one of ${choices.join(', ')}`;
  if (typeof value !== 'number') return undefined;
  if (value < 0) return 'must not be negative';
  if (group === 'faults' && name.endsWith('Rate') && value > 1) return 'is a rate: from 0 (never) to 1 (always)';
  return group === 'ports' && value > MOST_PORT ? 'is no port' : undefined;
}

function kindOf(value: Value | undefined): 'number' | 'boolean' | 'text' {
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';
}

function readValue(
  path: string,
  value: unknown,
  kind: 'number' | 'boolean' | 'text',
  problems: string[],
): Value | undefined {
  switch (kind) {
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number === 'number' && Number.isFinite(number)) return number;
      problems.push(`${path} must be a number, not ${JSON.stringify(value)}`);
      return undefined;
    }
    case 'boolean':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      problems.push(`${path} must be true or false, not ${JSON.stringify(value)}`);
      return undefined;
    case 'text':
      if (typeof value === 'string') return value;
      problems.push(`${path} must be text, not ${JSON.stringify(value)}`);
      return undefined;
  }
}

function readEnvironment(given: unknown, problems: string[]): Record<string, string> {
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  for (const [name, value] of entries) {
    if (typeof value === 'object') problems.push(`environment.${name} must be text`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function invalid(problems: readonly string[]): EmulatorError {
  return new EmulatorError({
    code: 'SETTINGS_INVALID',
    cause: `The emulator's settings have something wrong:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    cure: 'Every setting, its meaning and its default are in emulator/SETTINGS.md.',
  });
}
