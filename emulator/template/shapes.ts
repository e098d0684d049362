import { NO_VALUE, resolve, type Scope } from './intrinsics.ts';
import { Unresolvable } from './unresolvable.ts';
import { isObject, own } from './values.ts';

/** What a property may hold that changes nothing here, and so is not read. */
export type Shape =
  /** A string, number or boolean, or a list of them. */
  | { readonly kind: 'plain' }
  /** Nobody looks inside. */
  | { readonly kind: 'anything' }
  /** With `orOne`, one alone may stand in place of the list. */
  | { readonly kind: 'list'; readonly of: Shape; readonly orOne?: true }
  /** With `orText`, a text may stand in its place. */
  | { readonly kind: 'object'; readonly keys: Shapes; readonly orText?: true };

export type Shapes = Readonly<Record<string, Shape>>;

const PLAIN: Shape = { kind: 'plain' };
export const ANYTHING: Shape = { kind: 'anything' };

/** Properties of plain values. */
export function plain(...names: readonly string[]): Shapes {
  return Object.fromEntries(names.map((name) => [name, PLAIN]));
}

/** An object of plain values. */
export function objectOf(...names: readonly string[]): Shape {
  return { kind: 'object', keys: plain(...names) };
}

export const TAGS: Shape = { kind: 'list', of: objectOf('Key', 'Value') };
/** Its statements are judged where they are read. */
export const POLICY_DOCUMENT: Shape = {
  kind: 'object',
  keys: { ...plain('Id', 'Version'), Statement: ANYTHING },
};

/**
 * Reports what AWS has no place for in a value that is not read. What cannot be resolved does no harm there.
 * @param report gets the path inside of the value: empty, or `.Key`, or `[0].Key`
 */
export function checkShape(
  value: unknown,
  shape: Shape,
  scope: Scope,
  report: (path: string, what: string) => void,
): void {
  if (shape.kind === 'anything') return;
  const known = isObject(value) ? resolved(value, scope) : value;
  if (known === undefined || known === null) return;
  const inside = (item: unknown, of: Shape, at: string) =>
    checkShape(item, of, scope, (path, what) => report(at + path, what));

  if (Array.isArray(known)) {
    if (shape.kind === 'object') report('', 'must be an object, not a list');
    else
      for (const [index, item] of known.entries()) inside(item, shape.kind === 'list' ? shape.of : PLAIN, `[${index}]`);
  } else if (!isObject(known)) {
    if (shape.kind === 'object' && shape.orText) return;
    if (shape.kind !== 'plain') report('', shape.kind === 'list' ? 'must be a list' : 'must be an object');
  } else if (shape.kind === 'list' && shape.orOne) {
    inside(known, shape.of, '');
  } else if (shape.kind !== 'object') {
    report('', `must be ${shape.kind === 'list' ? 'a list' : 'a plain value'}, not an object`);
  } else {
    for (const [key, item] of Object.entries(known)) {
      const of = own(shape.keys, key);
      if (of === undefined) report(`.${key.slice(0, 80)}`, 'the emulator does not know this property');
      else inside(item, of, `.${key}`);
    }
  }
}

/** An intrinsic's value, undefined where it has none that is known; an object that is none as it is. */
function resolved(value: Record<string, unknown>, scope: Scope): unknown {
  const [name = '', ...others] = Object.keys(value);
  if (others.length > 0 || (name !== 'Ref' && !name.startsWith('Fn::'))) return value;
  try {
    const found = resolve(value, scope, '');
    return found === NO_VALUE ? undefined : found;
  } catch (error) {
    if (error instanceof Unresolvable) return undefined;
    throw error;
  }
}
