import { type DatabaseFaults, DEFAULT_DATABASE_FAULTS } from './dynamodb/faults.ts';
import { DEFAULT_GATEWAY_FAULTS, type GatewayFaults } from './gateway/faults.ts';
import { DEFAULT_QUOTAS, type Quotas } from './gateway/quotas.ts';
import { DEFAULT_SWITCHES, SWITCH_VALUES, type Switches } from './gateway/switches.ts';
import { DEFAULT_LAMBDA_FAULTS, type LambdaFaults } from './lambda/faults.ts';
import { type LatencySetting, overlayLatency, readLatency } from './latency/choose-spreads.ts';
import { type PortSettings, portsOf } from './ports.ts';
import { EmulatorError } from './stack/emulator-error.ts';

type Value = number | boolean | string;
type Group = Readonly<Record<string, Value>>;

/** What serverless.yml (`custom.postern`), the command line and code may set; `SETTINGS.md` has it all in one table. */
export interface Settings {
  /** 0 for any free one; as text too, which is all that a variable of serverless.yml can be. */
  readonly ports?: PortSettings;
  readonly switches?: Partial<Switches>;
  readonly quotas?: Partial<Quotas>;
  readonly faults?: Partial<Faults>;
  /** Invocations under way at once, all functions together; 1,000 unless given (LA-06). */
  readonly concurrency?: number;
  /** Milliseconds without an event after which an environment is ended; 30,000 unless given: AWS takes minutes, memory is dearer here. */
  readonly environmentIdleMs?: number;
  /** False lets functions go on between events, unlike AWS (LA-02). */
  readonly freeze?: boolean;
  /** How many times faster the long limits come; above 0, 1 unless given. */
  readonly clockSpeed?: number;
  /** Serves the APIs by TLS alone, with a certificate made for the run (MG-14). */
  readonly tls?: boolean;
  /** The same seed gives the same credentials, order of events and faults. Drawn from the clock unless given, and logged. */
  readonly seed?: number;
  /** `embedded`, the default, or the URL of a DynamoDB that runs already. */
  readonly dynamodb?: string;
  /** Delays as in AWS: a profile (`LATENCY.md`), or one with rows that differ; none unless given. */
  readonly latency?: LatencySetting;
  /** Milliseconds that the embedded database keeps an item past its time to live; for ever unless given (DD-03). */
  readonly ttlDelayMs?: number;
  /** The JSON field of WebSocket messages whose value says which of them belong together, for the meter; none unless given. */
  readonly traceField?: string;
  /** False keeps the commands from watching sources; `startEmulator` itself watches nothing. */
  readonly reload?: boolean;
  /** Variables laid over every function's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What goes wrong on purpose, drawn by seed. */
export type Faults = GatewayFaults & LambdaFaults & DatabaseFaults;

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
  environmentIdleMs: 'number',
  dynamodb: 'text',
  freeze: 'boolean',
  reload: 'boolean',
  seed: 'number',
  tls: 'boolean',
  traceField: 'text',
  ttlDelayMs: 'number',
};

const GROUPS = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

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
    if (name === 'latency') return [[name, readLatency(value, problems)]];
    const kind = SINGLE[name];
    if (kind === undefined) {
      problems.push(`${name} is no setting`);
      return [];
    }
    return [[name, readChecked('', name, value, kind, problems)]];
  });
  if (problems.length > 0) throw invalid(problems);
  return Object.fromEntries(read) as Settings;
}

/**
 * Reads `name=value` words of a command line. Names need no group, since each is one of its own; but `ports.http` and
 * `environment.NAME` do, and the rows of `latency`.
 * @throws EmulatorError SETTINGS_INVALID
 */
export function readAssignments(words: readonly string[]): Settings {
  const problems: string[] = [];
  const settings: Record<string, Record<string, string> | string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    const [name, value] = [word.slice(0, Math.max(equals, 0)), word.slice(equals + 1)];
    const [, named, within] = /^(ports|environment|latency|switches|quotas|faults)\.(.+)$/.exec(name) ?? [];
    const group = named ?? GROUPS.find((each) => each !== 'ports' && Object.hasOwn(SETTINGS[each], name));
    if (equals < 1) problems.push(`${JSON.stringify(word)} is not name=value`);
    else if (group) settings[group] = { ...(settings[group] as object), [within ?? name]: value };
    else if (name === 'latency') settings.latency = { ...(settings.latency as object), profile: value };
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
  const latency = base.latency && over.latency ? { latency: overlayLatency(base.latency, over.latency) } : {};
  return { ...base, ...over, ...Object.fromEntries(groups), ...latency };
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
    const read = readChecked(group, name, value, kindOf(known[name]), problems);
    return read === undefined ? [] : [[name, read]];
  });
  return Object.fromEntries(entries);
}

/** @returns what is wrong with a value of the right kind */
function wrongValue(group: string, name: string, value: Value): string | undefined {
  const choices = group === 'switches' ? SWITCH_VALUES[name] : undefined;
  if (choices) return choices.includes(String(value)) ? undefined : `must be one of ${choices.join(', ')}`;
  if (typeof value !== 'number') return undefined;
  const { least, most, whole, words } = boundsOf(group, name);
  return value < least || value > most || (whole && !Number.isInteger(value)) ? `must be ${words}` : undefined;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  readonly words: string;
}

const MANY = Number.MAX_SAFE_INTEGER;
const RATE: Bounds = { least: 0, most: 1, whole: false, words: 'a rate, from 0 (never) to 1 (always)' };
const STATUS: Bounds = { least: 400, most: 599, whole: true, words: 'a status from 400 to 599' };
const PORT: Bounds = { least: 0, most: 65_535, whole: true, words: 'a port, or 0 for any' };
const DURATION: Bounds = { least: 0, most: MANY, whole: false, words: 'a number of milliseconds, not below 0' };
const AMOUNT: Bounds = { least: 1, most: MANY, whole: true, words: 'a whole number, not below 1' };
const SPEED: Bounds = { least: Number.MIN_VALUE, most: MANY, whole: false, words: 'a number above 0' };
const SEED: Bounds = { least: -MANY, most: MANY, whole: true, words: 'a whole number' };

function boundsOf(group: string, name: string): Bounds {
  if (name.endsWith('Rate')) return RATE;
  if (name.endsWith('Status')) return STATUS;
  if (group === 'ports') return PORT;
  if (group === 'quotas' || name === 'concurrency') return AMOUNT;
  if (name === 'clockSpeed') return SPEED;
  return name === 'seed' ? SEED : DURATION;
}

function kindOf(value: Value | undefined): 'number' | 'boolean' | 'text' {
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';
}

function readChecked(
  group: string,
  name: string,
  value: unknown,
  kind: 'number' | 'boolean' | 'text',
  problems: string[],
): Value | undefined {
  const path = group === '' ? name : `${group}.${name}`;
  const read = readValue(path, value, kind, problems);
  const wrong = read === undefined ? undefined : wrongValue(group, name, read);
  if (wrong !== undefined) problems.push(`${path} ${wrong}`);
  return read;
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
