import { NO_VALUE, resolve, resolveKnown, type Scope } from './intrinsics.ts';
import type { Problems } from './problems.ts';
import { checkShape, type Shapes } from './shapes.ts';
import { Unresolvable } from './unresolvable.ts';
import { isObject, numberOf, own, shown, textOf } from './values.ts';

/**
 * Reads the properties of one resource, intrinsics resolved on the way: only what is asked for is resolved, so an
 * unresolvable value in a property that changes nothing offline does no harm.
 *
 * Nothing here throws: what is missing, malformed or unresolvable is reported with its path, and answers undefined.
 */
export interface Properties {
  readonly logicalId: string;
  string(name: string): string | undefined;
  requiredString(name: string): string | undefined;
  /** One of these words, or undefined. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined;
  /** A whole number, unless `fractions` allows others. */
  number(name: string, bounds: { min: number; max: number; otherwise: number }): number;
  optionalNumber(name: string, bounds: { min: number; max: number; fractions?: boolean }): number | undefined;
  boolean(name: string): boolean;
  strings(name: string): readonly string[];
  object(name: string): Record<string, unknown> | undefined;
  list(name: string): readonly unknown[];
  /** The properties of an object that is the value of a property. */
  section(name: string): Properties | undefined;
  /** The properties of every object in a list. */
  sections(name: string): readonly Properties[];
  /** Any value; `DEPLOYED_ONLY` stands in it, or for it, where only a deployment knows what is there. */
  known(name: string): unknown;
  requiredKnown(name: string): unknown;
  /** Whether the template gives the property a value. */
  has(name: string): boolean;
  /** Reports each of these properties that the template gives: what the emulator does not do is refused, not ignored. */
  refuse(names: readonly string[], why: string): void;
  /**
   * Reports every property that was neither asked for nor refused until now, here and in every section: nobody here knows
   * what it would do.
   * @param harmless those that change nothing that can be seen offline, and what may be in them; of one that was asked for
   *   by `known`, what may be in it
   */
  refuseOthers(harmless?: Shapes): void;
  report(name: string, what: string): void;
  warn(name: string, what: string): void;
}

export function readProperties(
  logicalId: string,
  raw: Readonly<Record<string, unknown>>,
  scope: Scope,
  problems: Problems,
  at = `${logicalId}.Properties`,
  onClose = () => {},
): Properties {
  const asked = new Set<string>();
  /** Sections, until they have been through `refuseOthers`. */
  const open = new Set<Properties>();
  const pathOf = (name: string) => `${at}.${name}`;
  const report = (name: string, what: string) => problems.report(pathOf(name), what);

  /** `read` is false for what has been reported. */
  function read(name: string, resolver = resolve): { read: boolean; value?: unknown } {
    asked.add(name);
    const given = own(raw, name);
    if (given === undefined) return { read: true };
    try {
      const value = resolver(given, scope, pathOf(name));
      return value === NO_VALUE ? { read: true } : { read: true, value };
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      problems.reportAll(error);
      return { read: false };
    }
  }

  /** The value as `as` has it; reports what it cannot be. */
  function valueAs<T>(name: string, what: string, as: (value: unknown) => T | undefined): T | undefined {
    const { value } = read(name);
    if (value === undefined) return undefined;
    const fitting = as(value);
    if (fitting === undefined) report(name, `must be ${what}, not ${shown(value)}`);
    return fitting;
  }

  const string = (name: string) => valueAs(name, 'a string', textOf);
  const list = (name: string) => valueAs(name, 'a list', (value) => (Array.isArray(value) ? value : undefined)) ?? [];
  const object = (name: string) => valueAs(name, 'an object', (value) => (isObject(value) ? value : undefined));
  const inside = (value: Record<string, unknown>, path: string) => {
    const section = readProperties(logicalId, value, scope, problems, path, () => open.delete(section));
    open.add(section);
    return section;
  };

  function optionalNumber(
    name: string,
    { min, max, fractions = false }: { min: number; max: number; fractions?: boolean },
  ) {
    return valueAs(name, `a ${fractions ? '' : 'whole '}number from ${min} to ${max}`, (value) => {
      const number = numberOf(value);
      const fits = number !== undefined && number >= min && number <= max && (fractions || Number.isInteger(number));
      return fits ? number : undefined;
    });
  }

  return {
    logicalId,
    report,
    warn: (name, what) => problems.warn(pathOf(name), what),
    string,
    list,
    object,
    optionalNumber,
    number: (name, { otherwise, ...bounds }) => optionalNumber(name, bounds) ?? otherwise,
    known: (name) => read(name, resolveKnown).value,
    has: (name) => own(raw, name) !== undefined,

    requiredString(name) {
      const { read: readable, value } = read(name);
      if (readable && value === undefined) report(name, 'is required');
      return string(name);
    },

    requiredKnown(name) {
      const { read: readable, value } = read(name, resolveKnown);
      if (readable && value === undefined) report(name, 'is required');
      return value;
    },

    choice: (name, choices) =>
      valueAs(name, choices.join(' or '), (value) => choices.find((choice) => choice === textOf(value))),

    boolean: (name) =>
      valueAs(name, 'true or false', (value) => {
        const text = textOf(value);
        return text === 'true' ? true : text === 'false' ? false : undefined;
      }) ?? false,

    strings: (name) =>
      valueAs(name, 'a list of strings', (value) => {
        const texts = Array.isArray(value) ? value.map(textOf) : [undefined];
        return texts.every((text) => text !== undefined) ? texts : undefined;
      }) ?? [],

    section(name) {
      const value = object(name);
      return value && inside(value, pathOf(name));
    },

    sections(name) {
      return list(name).flatMap((item, index) => {
        const path = `${name}[${index}]`;
        if (isObject(item)) return inside(item, pathOf(path));
        report(path, `must be an object, not ${shown(item)}`);
        return [];
      });
    },

    refuse(names, why) {
      for (const name of names) {
        asked.add(name);
        if (own(raw, name) !== undefined) report(name, why);
      }
    },

    refuseOthers(harmless = {}) {
      for (const [name, value] of Object.entries(raw)) {
        if (value === undefined) continue;
        const shape = own(harmless, name);
        if (shape === undefined && asked.has(name)) continue;
        if (shape === undefined) report(name.slice(0, 80), 'the emulator does not know this property');
        else checkShape(value, shape, scope, (path, what) => report(name + path, what));
      }
      for (const section of open) section.refuseOthers();
      onClose();
    },
  };
}
