import { readdirSync, readFileSync } from 'node:fs';

const FIXTURES = new URL('../../fixtures/', import.meta.url);

export interface Fixture {
  /** The file's name without `.json`. */
  readonly name: string;
  readonly value: Record<string, unknown>;
}

/** The JSON files of a folder of fixtures, by name. */
export function fixturesIn(folder: string): Fixture[] {
  return readdirSync(new URL(`${folder}/`, FIXTURES), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map(({ name }) => ({ name: name.replace(/\.json$/, ''), value: fixture(`${folder}/${name}`) }));
}

/** One JSON file, by its path below `fixtures/`; as the caller says it is. */
export function fixture<Value = Record<string, unknown>>(path: string): Value {
  return JSON.parse(readFileSync(new URL(path, FIXTURES), 'utf8')) as Value;
}
