import type { Bounds } from './bounds.ts';
import { INTRINSIC_FUNCTIONS } from './intrinsic-functions.ts';
import { gather, knownOnlyWhenDeployed, Unresolvable, wrong } from './unresolvable.ts';
import { isObject, own, textOf } from './values.ts';

/** What intrinsic functions refer to, and how much they may do. */
export interface Scope extends Bounds {
  /** Value of a pseudo parameter, parameter or resource; undefined when there is none of that name. */
  ref(name: string): unknown;
  /** Undefined when the resource does not exist or has no such attribute. */
  attribute(logicalId: string, attribute: string): unknown;
  mapping(map: string, key: string, second: string): unknown;
  /** Undefined when there is no condition of that name. */
  condition(name: string): boolean | undefined;
  /** Whether the template asks for `AWS::LanguageExtensions`, without which some functions are refused. */
  readonly languageExtensions: boolean;
}

/** What `Ref: AWS::NoValue` resolves to: the property it stands for is left out. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/** What `resolveKnown` puts where only a deployment knows the value. */
export const DEPLOYED_ONLY: unique symbol = Symbol('known only when deployed');

/**
 * Resolves every intrinsic in `value`, to any depth, as CloudFormation would.
 * @param path of the value in the template, for error messages
 * @throws Unresolvable
 */
export function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return plainString(value, path);
  const name = intrinsicName(value);
  if (name === undefined) return resolveInside(value, scope, path, resolve);
  return scope.within(path, () => call(name, (value as Record<string, unknown>)[name], scope, path));
}

/** Like `resolve`, but leaves `DEPLOYED_ONLY` for every string and every intrinsic that only a deployment knows. */
export function resolveKnown(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value !== 'string' && intrinsicName(value) === undefined) {
    return resolveInside(value, scope, path, resolveKnown);
  }
  try {
    return resolve(value, scope, path);
  } catch (error) {
    if (error instanceof Unresolvable && error.deployedOnly) return DEPLOYED_ONLY;
    throw error;
  }
}

/** The items of a list, or the values of an object that is no intrinsic. */
function resolveInside(value: unknown, scope: Scope, path: string, inner: typeof resolve): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return scope.within(path, () => {
    if (Array.isArray(value)) {
      const items = value.map((item, index) => () => inner(item, scope, `${path}[${index}]`));
      return gather(items).filter((item) => item !== NO_VALUE);
    }
    const entries = Object.entries(value).map(([key, item]) => () => {
      if (key.startsWith('Fn::')) throw wrong(path, `${key} cannot stand beside other keys`);
      return [key, inner(item, scope, `${path}.${key}`)] as const;
    });
    return Object.fromEntries(gather(entries).filter(([, item]) => item !== NO_VALUE));
  });
}

/** An intrinsic is an object of one key, which is its name. */
function intrinsicName(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const [name, ...others] = Object.keys(value);
  return name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::')) ? name : undefined;
}

function call(name: string, body: unknown, scope: Scope, path: string): unknown {
  const evaluate = own(INTRINSIC_FUNCTIONS, name);
  if (evaluate === undefined) throw wrong(path, `${name} is not supported`);
  return evaluate(body, {
    scope,
    path,
    resolve: (inner) => resolve(inner, scope, path),
    condition: (named) => namedCondition(named, scope, path),
  });
}

/** Evaluates the body of a condition: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`. */
export function evaluateCondition(value: unknown, scope: Scope, path: string): boolean {
  return scope.within(path, () => {
    const [name = '', ...others] = isObject(value) ? Object.keys(value) : [];
    if (!isObject(value) || others.length > 0) {
      throw wrong(path, 'a condition must be one of Fn::Equals, Fn::And, Fn::Or, Fn::Not');
    }
    const body = value[name];
    const operands = (least: number, most: number): readonly unknown[] => {
      if (Array.isArray(body) && body.length >= least && body.length <= most) return body;
      throw wrong(path, `${name} needs a list of ${least === most ? least : `${least} to ${most}`} here`);
    };
    const all = (least: number, most: number) =>
      operands(least, most).map((operand) => evaluateCondition(operand, scope, path));
    switch (name) {
      case 'Fn::Equals': {
        const [left, right] = operands(2, 2).map((operand) => comparable(resolve(operand, scope, path)));
        return left === right;
      }
      case 'Fn::And':
        return all(2, 10).every(Boolean);
      case 'Fn::Or':
        return all(2, 10).some(Boolean);
      case 'Fn::Not':
        return !all(1, 1)[0];
      case 'Condition':
        return namedCondition(body, scope, path);
      default:
        throw wrong(path, `${name} is not a condition function`);
    }
  });
}

function namedCondition(name: unknown, scope: Scope, path: string): boolean {
  const holds = typeof name === 'string' ? scope.condition(name) : undefined;
  if (holds === undefined) throw wrong(path, `there is no condition ${textOf(name) ?? 'of that kind'}`);
  return holds;
}

/** Numbers and booleans compare as text. */
function comparable(value: unknown): string {
  return textOf(value) ?? JSON.stringify(value) ?? '';
}

/** Secrets and parameters that CloudFormation fetches while deploying cannot be known here. */
function plainString(value: string, path: string): string {
  if (!value.includes('{{resolve:')) return value;
  throw knownOnlyWhenDeployed(path, `the dynamic reference ${value.slice(0, 200)} is known only when deployed`);
}
