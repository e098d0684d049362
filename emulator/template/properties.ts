import { NO_VALUE, resolve, type Scope, Unresolvable } from './intrinsics.ts';
import type { Problems } from './problems.ts';
import { isObject, type Resource } from './template.ts';

/**
 * Reads one resource's properties, intrinsics resolved on the way: only what is asked for is resolved, so an
 * unresolvable value in a property that changes nothing offline does no harm.
 *
 * Nothing here throws: what is missing, malformed or unresolvable is reported with its path, and answers undefined.
 */
export interface Properties {
  readonly logicalId: string;
  string(name: string): string | undefined;
  requiredString(name: string): string | undefined;
  number(name: string, bounds: { min: number; max: number; otherwise: number }): number;
  boolean(name: string): boolean;
  object(name: string): Record<string, unknown> | undefined;
  requiredObject(name: string): Record<string, unknown> | undefined;
  list(name: string): readonly unknown[];
  /** Reports each of these properties that the template gives: what the emulator does not do is refused, not ignored. */
  refuse(names: readonly string[], why: string): void;
  report(name: string, what: string): void;
}

export function readProperties(logicalId: string, resource: Resource, scope: Scope, problems: Problems): Properties {
  const path = (name: string) => `${logicalId}.Properties.${name}`;
  const report = (name: string, what: string) => problems.report(path(name), what);

  function value(name: string): unknown {
    const raw = resource.Properties?.[name];
    if (raw === undefined) return undefined;
    try {
      const resolved = resolve(raw, scope, path(name));
      return resolved === NO_VALUE ? undefined : resolved;
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      for (const { path, reason } of error.faults) problems.report(path, reason);
      return undefined;
    }
  }

  function string(name: string): string | undefined {
    const found = value(name);
    if (found === undefined || typeof found === 'string') return found;
    if (typeof found === 'number' || typeof found === 'boolean') return String(found);
    report(name, 'must be a string');
    return undefined;
  }

  function object(name: string): Record<string, unknown> | undefined {
    const found = value(name);
    if (found === undefined || isObject(found)) return found;
    report(name, 'must be an object');
    return undefined;
  }

  function wanted(name: string): void {
    if (resource.Properties?.[name] === undefined) report(name, 'is required');
  }

  return {
    logicalId,
    report,
    string,
    object,

    requiredString(name) {
      wanted(name);
      return string(name);
    },

    requiredObject(name) {
      wanted(name);
      return object(name);
    },

    number(name, { min, max, otherwise }) {
      const found = value(name);
      if (found === undefined) return otherwise;
      const number = Number(found);
      if (Number.isInteger(number) && number >= min && number <= max) return number;
      report(name, `must be a whole number from ${min} to ${max}, not ${JSON.stringify(found)}`);
      return otherwise;
    },

    boolean: (name) => String(value(name)) === 'true',

    list(name) {
      const found = value(name) ?? [];
      if (Array.isArray(found)) return found;
      report(name, 'must be a list');
      return [];
    },

    refuse(names, why) {
      for (const name of names) {
        if (resource.Properties?.[name] !== undefined) report(name, why);
      }
    },
  };
}
