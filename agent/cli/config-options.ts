import type { ConfigEntry, ConfigNode, ConfigProblem, Place } from './config-document.ts';
import type { Environment } from './context.ts';
import { expandReferences } from './environment-references.ts';
import { isFailure } from './failure.ts';
import { TUNNEL_FLAGS } from './flags.ts';
import { nearestWord } from './nearest-word.ts';
import { type RawOptions, readSettings } from './settings.ts';

/** Where problems go. */
export type Tell = (at: Place, message: string) => void;

/** Keys that are options of a tunnel: the long flags, without `--json`, since all tunnels of a process print alike. */
export const OPTION_KEYS = TUNNEL_FLAGS.map(({ name }) => keyOf(name)).filter((key) => key !== 'json');

const SWITCHES = new Set(TUNNEL_FLAGS.filter(({ name }) => !name.includes('<')).map(({ name }) => keyOf(name)));

function keyOf(flag: string): string {
  return /--([a-z-]+)/.exec(flag)?.[1] ?? '';
}

/** The option's name in {@link RawOptions}: `tunnel-id` is `tunnelId`. */
function optionName(key: string): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export interface ReadMap {
  /** Of keys that come twice the first. */
  readonly entries: ReadonlyMap<string, ConfigEntry>;
  /** Known keys that somebody seems to have misspelled: that these are missing need not be said. */
  readonly meant: ReadonlySet<string>;
}

/**
 * A map's entries by key. Keys that come twice and keys that nobody knows are told, and left out.
 * @param where words for people: `of the tunnel web`
 * @param elsewhere keys that are right, but not here
 */
export function readMap(
  entries: readonly ConfigEntry[],
  rules: { readonly known: readonly string[]; readonly where: string; readonly elsewhere?: readonly string[] },
  tell: Tell,
): ReadMap {
  const { known, where, elsewhere = [] } = rules;
  const found = new Map<string, ConfigEntry>();
  const meant = new Set<string>();
  tellTwice(entries, 'the key', tell);
  for (const entry of entries) {
    const { key, at } = entry;
    if (found.has(key)) continue;
    if (known.includes(key)) found.set(key, entry);
    else if (elsewhere.includes(key)) tell(at, `${key} belongs below a tunnel's name, not ${where}`);
    else {
      const near = nearestWord(key, known);
      if (near) meant.add(near);
      tell(at, `unknown key ${key} ${where}${near ? `, did you mean ${near}?` : ';'} Known are: ${known.join(', ')}`);
    }
  }
  return { entries: found, meant };
}

export function tellTwice(entries: readonly ConfigEntry[], what: string, tell: Tell): void {
  const lines = new Map<string, number>();
  for (const { key, at } of entries) {
    const first = lines.get(key);
    if (first === undefined) lines.set(key, at.line);
    else tell(at, `${what} ${key} is there twice, first in line ${first}`);
  }
}

export interface ReadOptions {
  readonly options: RawOptions;
  /** Keys that are there, but wrong. */
  readonly wrong: ReadonlySet<string>;
}

/** Reads the options among the entries, each through the reader of its flag. */
export function readOptions(
  entries: ReadonlyMap<string, ConfigEntry>,
  { where, env, tell }: { readonly where: string; readonly env: Environment; readonly tell: Tell },
): ReadOptions {
  const options: Record<string, unknown> = {};
  const wrong = new Set<string>();
  for (const { key, value } of entries.values()) {
    if (!OPTION_KEYS.includes(key)) continue;
    const complain = (message: string) => {
      wrong.add(key);
      tell(value.at, `${key} ${where}: ${message}`);
    };
    if (SWITCHES.has(key)) {
      if (value.kind === 'switch') options[optionName(key)] = value.on;
      else complain(`expected true or false, found ${foundIn(value)}`);
      continue;
    }
    const text = readText(value, env, complain);
    if (text === undefined) continue;
    const checked = readSettings({ [optionName(key)]: text.expanded }, {});
    if (!isFailure(checked)) options[optionName(key)] = text.expanded;
    else complain(asWritten(`${checked.cause} ${checked.cure}`.replaceAll(`--${key} `, `${key} `), text));
  }
  return { options, wrong };
}

export interface ExpandedText {
  readonly written: string;
  readonly expanded: string;
}

/** @returns nothing where it is wrong, and where its references come to nothing: that is as if the key were not there */
export function readText(
  value: ConfigNode,
  env: Environment,
  complain: (message: string) => void,
): ExpandedText | undefined {
  if (value.kind !== 'text') {
    const cure = value.kind === 'switch' ? '; put it in quotes if it is meant as text' : '';
    complain(`expected text, found ${foundIn(value)}${cure}`);
    return undefined;
  }
  const written = value.text;
  const expansion = expandReferences(written, env);
  switch (expansion.kind) {
    case 'malformed':
      complain('a reference is ${NAME} or ${NAME:-default}, and a dollar alone is $$');
      return undefined;
    case 'unset':
      complain(unsetMessage(expansion.variables));
      return undefined;
    case 'text':
      if (expansion.referred && expansion.text === '') return undefined;
      return { written, expanded: expansion.text };
  }
}

function unsetMessage(variables: readonly string[]): string {
  const [first, ...others] = new Set(variables);
  const names = others.length === 0 ? `the variable ${first} is` : `the variables ${[first, ...others].join(', ')} are`;
  return `${names} not set; set what is missing, or give a default: \${${first}:-…}`;
}

/** What came by a reference is shown as the reference: it may be a secret in the wrong place. */
export function asWritten(message: string, { written, expanded }: ExpandedText): string {
  if (written === expanded) return message;
  return message.replaceAll(`"${expanded}"`, `"${written}"`).replaceAll(` ${expanded} `, ` ${written} `);
}

export function foundIn(value: ConfigNode): string {
  switch (value.kind) {
    case 'map':
      return 'a map';
    case 'list':
      return 'a list';
    case 'switch':
      return String(value.on);
    case 'text':
      return 'text';
    case 'nothing':
      return 'nothing';
  }
}

/** In the order of the file, each once: an alias repeats what is wrong at its anchor. */
export function sorted(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems
    .filter((one, index) => problems.findIndex((other) => sameProblem(one, other)) === index)
    .sort((one, other) => one.line - other.line || one.column - other.column);
}

function sameProblem(one: ConfigProblem, other: ConfigProblem): boolean {
  return one.line === other.line && one.column === other.column && one.message === other.message;
}
