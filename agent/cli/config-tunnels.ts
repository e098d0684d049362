import { parseUpstream, type UpstreamAddress } from '../proxy/upstream-address.ts';
import { type ConfigEntry, type ConfigNode, type ConfigProblem, readConfigDocument } from './config-document.ts';
import {
  asWritten,
  foundIn,
  OPTION_KEYS,
  type ReadOptions,
  readMap,
  readOptions,
  readText,
  sorted,
  type Tell,
  tellTwice,
} from './config-options.ts';
import type { Environment } from './context.ts';
import { isFailure } from './failure.ts';
import { type RawOptions, readSettings, type Settings } from './settings.ts';

/** A tunnel of the configuration file, checked and complete. */
export interface ConfiguredTunnel {
  readonly name: string;
  readonly upstream: UpstreamAddress;
  readonly settings: Settings;
}

export type ConfigResult =
  | { readonly kind: 'tunnels'; readonly tunnels: readonly ConfiguredTunnel[] }
  /** All there are, in the order of the file. */
  | { readonly kind: 'problems'; readonly problems: readonly ConfigProblem[] };

/** What an id belongs to is one tunnel, so that it can be no default. */
const ROOT_KEYS = ['version', 'tunnels', ...OPTION_KEYS.filter((key) => key !== 'tunnel-id')];
const TUNNEL_KEYS = ['upstream', ...OPTION_KEYS];

/** A name stands before each line that its tunnel prints, and on command lines. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/**
 * Reads the text of a `postern.yml`. A tunnel's own options win over those for all tunnels, these over variables, and
 * `given`, from the command line, over all.
 * @param env for references, and for what no option says; POSTERN_TUNNEL_ID is not asked: several tunnels would share it
 */
export function readConfig(text: string, env: Environment, given: RawOptions = {}): ConfigResult {
  const problems: ConfigProblem[] = [];
  const tell: Tell = ({ line, column }, message) => problems.push({ line, column, message });
  const document = readConfigDocument(text);
  const tunnels = 'root' in document ? readRoot(document.root, { env, given, tell }) : [];
  if ('problems' in document) problems.push(...document.problems);
  return problems.length > 0 ? { kind: 'problems', problems: sorted(problems) } : { kind: 'tunnels', tunnels };
}

interface Reading {
  readonly env: Environment;
  readonly given: RawOptions;
  readonly tell: Tell;
}

function readRoot(root: ConfigNode, reading: Reading): ConfiguredTunnel[] {
  const { env, tell } = reading;
  if (root.kind !== 'map') {
    tell(root.at, `expected a map with version and tunnels, found ${foundIn(root)}`);
    return [];
  }
  const where = 'for all tunnels';
  const rules = { known: ROOT_KEYS, where: 'at the top', elsewhere: TUNNEL_KEYS };
  const { entries, meant } = readMap(root.entries, rules, tell);
  const defaults = readOptions(entries, { where, env, tell });
  const version = entries.get('version');
  if (version) checkVersion(version, tell);
  else if (!meant.has('version')) tell(root.at, 'the key version is missing; expected version: 1');
  const tunnels = entries.get('tunnels');
  if (!tunnels) {
    if (!meant.has('tunnels'))
      tell(root.at, 'the key tunnels is missing; expected names, like web: { upstream: 3000 }');
    return [];
  }
  if (tunnels.value.kind !== 'map' || tunnels.value.entries.length === 0) {
    const found = tunnels.value.kind === 'map' ? 'an empty one' : foundIn(tunnels.value);
    tell(tunnels.value.at, `tunnels: expected a map of names, like web: { upstream: 3000 }, found ${found}`);
    return [];
  }
  tellTwice(tunnels.value.entries, 'the tunnel', tell);
  return readTunnels(tunnels.value.entries, defaults, reading);
}

function checkVersion({ value }: ConfigEntry, tell: Tell): void {
  if (value.kind === 'text' && value.text === '1') return;
  tell(value.at, `version: expected 1, found ${value.kind === 'text' ? value.text : foundIn(value)}`);
}

function readTunnels(entries: readonly ConfigEntry[], defaults: ReadOptions, reading: Reading): ConfiguredTunnel[] {
  const tunnels: ConfiguredTunnel[] = [];
  const claims = new Map<string, string>();
  for (const entry of entries) {
    const { key: name, at, value } = entry;
    if (!NAME.test(name)) {
      reading.tell(at, `the name ${JSON.stringify(name)}: expected 1 to 32 letters, digits and . _ -`);
    }
    if (value.kind !== 'map') {
      reading.tell(value.at, `the tunnel ${name}: expected a map, like { upstream: 3000 }, found ${foundIn(value)}`);
      continue;
    }
    const where = `of the tunnel ${name}`;
    const { entries: own, meant } = readMap(value.entries, { known: TUNNEL_KEYS, where }, reading.tell);
    const misspelled = !own.has('upstream') && meant.has('upstream');
    const upstream = misspelled ? undefined : readUpstream(own.get('upstream'), entry, reading);
    const { options, wrong } = readOptions(own, { ...reading, where });
    const settings = readTunnelSettings([defaults.options, options, reading.given], entry, reading);
    if (!settings) continue;
    // Where the endpoint is wrong, nobody knows whose the id is.
    const known = !wrong.has('endpoint') && (options.endpoint !== undefined || !defaults.wrong.has('endpoint'));
    const first = known && claimId(claims, name, settings);
    if (first) {
      const place = own.get('tunnel-id')?.value.at ?? at;
      reading.tell(place, `tunnel-id ${where}: the tunnel ${first} asks for the same id at the same endpoint`);
    }
    if (upstream) tunnels.push({ name, upstream, settings });
  }
  return tunnels;
}

/** @returns the tunnel that asks for this id at this endpoint already */
function claimId(claims: Map<string, string>, name: string, { tunnelId, endpoint }: Settings): string | undefined {
  if (tunnelId === undefined) return undefined;
  const claim = `${tunnelId} ${endpoint}`;
  const first = claims.get(claim);
  if (first === undefined) claims.set(claim, name);
  return first;
}

function readUpstream(
  entry: ConfigEntry | undefined,
  { key: name, at }: ConfigEntry,
  { env, tell }: Reading,
): UpstreamAddress | undefined {
  const cure = 'a port, host:port or http(s)://host:port';
  let complained = false;
  const complain = (message: string) => {
    complained = true;
    tell(entry?.value.at ?? at, `upstream of the tunnel ${name}: ${message}`);
  };
  const text = entry && readText(entry.value, env, complain);
  if (complained) return undefined;
  if (!text) {
    complain(`it is missing; expected ${cure}`);
    return undefined;
  }
  const parsed = parseUpstream(text.expanded);
  if (parsed.kind === 'address') return parsed.address;
  complain(asWritten(`${parsed.problem}; expected ${cure}`, text));
  return undefined;
}

/** @param layers each wins over those before it */
function readTunnelSettings(
  layers: readonly RawOptions[],
  { key: name, at }: ConfigEntry,
  { env, tell }: Reading,
): Settings | undefined {
  const options = layers.reduce(overlay, {});
  const alone = readSettings(options, {});
  const settings = isFailure(alone) ? alone : readSettings(options, { ...env, POSTERN_TUNNEL_ID: undefined });
  if (!isFailure(settings)) return settings;
  // Each option has been checked, so that what is wrong lies in a variable, or in options that contradict each other.
  const source = isFailure(alone) ? '' : 'from the environment: ';
  tell(at, `the tunnel ${name}: ${source}${settings.cause} ${settings.cure}`);
  return undefined;
}

/** How much is told is one choice with two switches: whoever makes it, makes it whole. */
function overlay(below: RawOptions, above: RawOptions): RawOptions {
  const chosen = above.verbose !== undefined || above.quiet !== undefined;
  return { ...below, ...(chosen && { verbose: undefined, quiet: undefined }), ...above };
}
