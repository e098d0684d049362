import { isObject } from './template.ts';

/** Why a value cannot be known without deploying; caught where a property is read, and reported with its path. */
export class Unresolvable extends Error {
  /** Every place in the value that is at fault, not only the first. */
  readonly faults: readonly { readonly path: string; readonly reason: string }[];

  constructor(path: string, reason: string, others: Unresolvable['faults'] = []) {
    super(reason);
    this.faults = [{ path, reason }, ...others];
  }
}

/** What intrinsic functions refer to. */
export interface Scope {
  /** Value of a pseudo parameter, parameter or resource; undefined when there is none of that name. */
  ref(name: string): unknown;
  /** Undefined when the resource does not exist or has no such attribute. */
  attribute(logicalId: string, attribute: string): unknown;
  mapping(map: string, key: string, second: string): unknown;
  /** Undefined when there is no condition of that name. */
  condition(name: string): boolean | undefined;
}

/** What `Ref: AWS::NoValue` resolves to: the property it stands for is left out. */
export const NO_VALUE: unique symbol = Symbol('AWS::NoValue');

/**
 * Resolves every intrinsic in `value`, to any depth, as CloudFormation would.
 * @param path of the value in the template, for error messages
 * @throws Unresolvable
 */
export function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return plainString(value, path);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => () => resolve(item, scope, `${path}[${index}]`));
    return gather(items).filter((item) => item !== NO_VALUE);
  }
  if (!isObject(value)) return value;

  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const evaluate = INTRINSICS[name];
    if (evaluate === undefined) throw new Unresolvable(path, `${name} is not supported`);
    return evaluate(value[name], scope, path);
  }
  const entries = Object.entries(value).map(([key, item]) => {
    return () => [key, resolve(item, scope, `${path}.${key}`)] as const;
  });
  return Object.fromEntries(gather(entries).filter(([, item]) => item !== NO_VALUE));
}

/** Evaluates all of them, and only then throws for those that failed, so that a person sees every fault at once. */
function gather<T>(evaluations: readonly (() => T)[]): T[] {
  const faults: Unresolvable['faults'][number][] = [];
  const values = evaluations.flatMap((evaluate) => {
    try {
      return [evaluate()];
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      faults.push(...error.faults);
      return [];
    }
  });
  const [first, ...others] = faults;
  if (first !== undefined) throw new Unresolvable(first.path, first.reason, others);
  return values;
}

/** Evaluates the body of a condition: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`. */
export function evaluateCondition(value: unknown, scope: Scope, path: string): boolean {
  if (!isObject(value)) throw new Unresolvable(path, 'a condition must be one of Fn::Equals, Fn::And, Fn::Or, Fn::Not');
  const all = (operands: unknown) => list(operands, path).map((operand) => evaluateCondition(operand, scope, path));
  const [name] = Object.keys(value);
  const body = value[name ?? ''];
  switch (name) {
    case 'Fn::Equals': {
      const [left, right] = list(resolve(body, scope, path), path);
      return String(left) === String(right);
    }
    case 'Fn::And':
      return all(body).every(Boolean);
    case 'Fn::Or':
      return all(body).some(Boolean);
    case 'Fn::Not':
      return !all(body)[0];
    case 'Condition':
      return namedCondition(body, scope, path);
    default:
      throw new Unresolvable(path, `${name} is not a condition function`);
  }
}

type Intrinsic = (body: unknown, scope: Scope, path: string) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (body, scope, path) => {
    const name = text(body, path);
    const value = scope.ref(name);
    if (value === undefined) throw new Unresolvable(path, `Ref ${name} names no parameter or resource of this stack`);
    return value;
  },

  'Fn::GetAtt': (body, scope, path) => {
    const [logicalId, ...rest] = typeof body === 'string' ? body.split('.') : list(resolve(body, scope, path), path);
    return attributeOf(text(logicalId, path), rest.map(String).join('.'), scope, path);
  },

  'Fn::Sub': (body, scope, path) => {
    const [template, variables] = Array.isArray(body) ? body : [body, {}];
    const own = isObject(variables) ? variables : {};
    return text(template, path).replace(/\$\{(!?)([^}]*)\}/g, (whole, literal: string, written: string) => {
      if (literal !== '') return `\${${written}}`;
      const name = written.trim();
      if (Object.hasOwn(own, name)) return text(resolve(own[name], scope, path), path);
      const dot = name.indexOf('.');
      if (dot > 0) return text(attributeOf(name.slice(0, dot), name.slice(dot + 1), scope, path), path);
      const value = scope.ref(name);
      if (value === undefined) {
        throw new Unresolvable(path, `Fn::Sub: ${whole} names no parameter or resource of this stack`);
      }
      return text(value, path);
    });
  },

  'Fn::Join': (body, scope, path) => {
    const [separator, items] = list(body, path);
    return list(resolve(items, scope, path), path)
      .map((item) => text(item, path))
      .join(text(separator, path));
  },

  'Fn::Split': (body, scope, path) => {
    const [separator, source] = list(body, path);
    return text(resolve(source, scope, path), path).split(text(separator, path));
  },

  'Fn::Select': (body, scope, path) => {
    const [index, items] = list(body, path);
    const from = list(resolve(items, scope, path), path);
    const chosen = from[Number(resolve(index, scope, path))];
    if (chosen === undefined) throw new Unresolvable(path, `Fn::Select: no item ${JSON.stringify(index)}`);
    return chosen;
  },

  'Fn::FindInMap': (body, scope, path) => {
    const [map, key, second] = list(resolve(body, scope, path), path).map(String);
    const value = scope.mapping(map ?? '', key ?? '', second ?? '');
    if (value === undefined) throw new Unresolvable(path, `Fn::FindInMap: nothing at ${map}.${key}.${second}`);
    return value;
  },

  'Fn::Base64': (body, scope, path) => Buffer.from(text(resolve(body, scope, path), path)).toString('base64'),

  'Fn::If': (body, scope, path) => {
    const [condition, whenTrue, whenFalse] = list(body, path);
    return resolve(namedCondition(condition, scope, path) ? whenTrue : whenFalse, scope, path);
  },

  'Fn::ImportValue': (body, _scope, path) => {
    throw new Unresolvable(
      path,
      `Fn::ImportValue ${JSON.stringify(body)} is another stack's output, known only when deployed`,
    );
  },
};

function attributeOf(logicalId: string, attribute: string, scope: Scope, path: string): unknown {
  const value = scope.attribute(logicalId, attribute);
  if (value === undefined) {
    throw new Unresolvable(path, `${logicalId}.${attribute} is not an attribute the emulator knows`);
  }
  return value;
}

function namedCondition(name: unknown, scope: Scope, path: string): boolean {
  const holds = scope.condition(text(name, path));
  if (holds === undefined) throw new Unresolvable(path, `there is no condition ${String(name)}`);
  return holds;
}

/** Secrets and parameters that CloudFormation fetches while deploying cannot be known here. */
function plainString(value: string, path: string): string {
  if (!value.includes('{{resolve:')) return value;
  throw new Unresolvable(path, `the dynamic reference ${value} is known only when deployed`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Unresolvable(path, 'an intrinsic function needs a list here');
  return value;
}

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Unresolvable(path, 'an intrinsic function needs a string here');
}
