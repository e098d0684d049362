import type { Environment } from './context.ts';

export type Expansion =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Whether any of it came by a reference. */
      readonly referred: boolean;
    }
  /** Variables that are unset or empty and have no default. */
  | { readonly kind: 'unset'; readonly variables: readonly string[] }
  /** A dollar that begins nothing. */
  | { readonly kind: 'malformed' };

const DOLLAR = /\$(?:(?<dollar>\$)|\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<otherwise>[^{}$]*))?\}|)/g;

/**
 * Puts variables where they are referred to: `${NAME}`, `${NAME:-default}` with a default that holds no `$`, `{` or `}`;
 * `$$` is a dollar. An empty variable counts as unset, as everywhere in the agent. What a variable holds is taken as it is.
 */
export function expandReferences(text: string, env: Environment): Expansion {
  const unset: string[] = [];
  let malformed = false;
  let referred = false;
  const expanded = text.replace(DOLLAR, (...match) => {
    const { dollar, name, otherwise }: Record<string, string | undefined> = match.at(-1);
    if (dollar) return '$';
    if (name === undefined) malformed = true;
    else {
      referred = true;
      const value = env[name] || otherwise;
      if (value !== undefined) return value;
      unset.push(name);
    }
    return '';
  });
  if (malformed) return { kind: 'malformed' };
  return unset.length > 0 ? { kind: 'unset', variables: unset } : { kind: 'text', text: expanded, referred };
}
