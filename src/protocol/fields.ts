import type { HeaderPair } from './messages.ts';

/** What is wrong with a text, thrown inside the decoder alone; the decoder's caller gets a value. */
export class Violation extends Error {
  readonly field: string;
  constructor(field: string, problem: string) {
    super(problem);
    this.field = field;
  }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** An object's fields, read one at a time: the one that is wrong is named. */
export class Fields {
  readonly #record: Record<string, unknown>;

  constructor(record: Record<string, unknown>) {
    this.#record = record;
  }

  /** What is there, null too; `otherwise` where nothing is. */
  optional(name: string, otherwise?: unknown): unknown {
    return Object.hasOwn(this.#record, name) ? this.#record[name] : otherwise;
  }

  string(name: string): string {
    const value = this.optional(name);
    if (typeof value !== 'string') throw new Violation(name, 'expected a string');
    return value;
  }

  matching(name: string, pattern: RegExp): string {
    const value = this.string(name);
    if (!pattern.test(value)) throw new Violation(name, `expected ${pattern}`);
    return value;
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.string(name);
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new Violation(name, `expected one of ${choices.join(', ')}`);
    return choice;
  }

  integer(name: string, least: number, most = Number.MAX_SAFE_INTEGER, otherwise?: number): number {
    const value = this.optional(name, otherwise);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new Violation(name, `expected an integer from ${least} to ${most}`);
    }
    return value;
  }

  flag(name: string): boolean {
    const value = this.optional(name, false);
    if (typeof value !== 'boolean') throw new Violation(name, 'expected true or false');
    return value;
  }

  bytes(name: string, otherwise?: string): Uint8Array {
    const value = this.optional(name) === undefined && otherwise !== undefined ? otherwise : this.string(name);
    const bytes = Buffer.from(value, 'base64');
    // Node's decoder passes over what is not base64. To encode again shows that by far faster than to look at every character.
    if (bytes.toString('base64') !== value && (value.length % 4 !== 0 || !BASE64.test(value))) {
      throw new Violation(name, 'expected padded standard base64');
    }
    return bytes;
  }

  optionalString<Key extends string>(name: string, key: Key): { [K in Key]?: string } {
    return this.optional(name) === undefined ? {} : ({ [key]: this.string(name) } as { [K in Key]: string });
  }

  optionalInteger<Key extends string>(name: string, key: Key): { [K in Key]?: number } {
    return this.optional(name) === undefined ? {} : ({ [key]: this.integer(name, 0) } as { [K in Key]: number });
  }

  optionalOneOf<Name extends string, Choice extends string>(
    name: Name,
    choices: readonly Choice[],
  ): { [N in Name]?: Choice } {
    return this.optional(name) === undefined ? {} : ({ [name]: this.oneOf(name, choices) } as { [N in Name]: Choice });
  }

  integers(name: string, least: number, most: number): number[] {
    const value = this.optional(name);
    if (!Array.isArray(value)) throw new Violation(name, 'expected an array');
    return value.map((one, at) => new Fields({ [`${name}.${at}`]: one }).integer(`${name}.${at}`, least, most));
  }

  /** An array of objects; what is wrong in one is named with its place, like `ids.0.agents`. */
  objects<Item>(name: string, read: (fields: Fields) => Item): Item[] {
    const value = this.optional(name);
    if (!Array.isArray(value)) throw new Violation(name, 'expected an array');
    return value.map((one: unknown, at) => {
      if (typeof one !== 'object' || one === null) throw new Violation(`${name}.${at}`, 'expected an object');
      try {
        return read(new Fields(one as Record<string, unknown>));
      } catch (error) {
        throw error instanceof Violation ? new Violation(`${name}.${at}.${error.field}`, error.message) : error;
      }
    });
  }

  headers(): HeaderPair[] {
    const value = this.optional('headers');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Violation('headers', 'expected an object of arrays');
    }
    const pairs: HeaderPair[] = [];
    for (const [name, values] of Object.entries(value)) {
      if (!Array.isArray(values)) throw new Violation(`headers.${name}`, 'expected an array');
      for (const one of values) {
        if (typeof one !== 'string') throw new Violation(`headers.${name}`, 'expected strings');
        pairs.push([name, one]);
      }
    }
    return pairs;
  }
}
