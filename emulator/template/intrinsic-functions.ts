import type { Scope } from './intrinsics.ts';
import { knownOnlyWhenDeployed, wrong } from './unresolvable.ts';
import { isObject, numberOf, shown, textOf } from './values.ts';

/** Where a function stands, and how it resolves what it is given. */
export interface CallSite {
  readonly scope: Scope;
  readonly path: string;
  resolve(value: unknown): unknown;
  /** Whether the condition of that name holds. */
  condition(name: unknown): boolean;
}

type IntrinsicFunction = (body: unknown, site: CallSite) => unknown;

/** CloudFormation's functions by name, in their long form. */
export const INTRINSIC_FUNCTIONS: Readonly<Record<string, IntrinsicFunction>> = {
  Ref: (body, { scope, path }) => {
    const name = text(body, path);
    const value = scope.ref(name);
    if (value === undefined) throw wrong(path, `Ref ${name} names no parameter or resource of this stack`);
    return value;
  },

  'Fn::GetAtt': (body, site) => {
    const [logicalId, ...rest] = typeof body === 'string' ? body.split('.') : list(site.resolve(body), site.path);
    const attribute = rest.map((part) => text(part, site.path)).join('.');
    return attributeOf(text(logicalId, site.path), attribute, site);
  },

  'Fn::Sub': (body, site) => {
    const { scope, path } = site;
    const [template, variables = {}] = Array.isArray(body) ? body : [body];
    if (!isObject(variables)) throw wrong(path, 'Fn::Sub needs an object of variables as its second item');
    return text(template, path).replace(/\$\{(!?)([^{}]*)\}/g, (whole, literal: string, written: string) => {
      if (literal !== '') return `\${${written}}`;
      const name = written.trim();
      const value = substitute(name, whole, variables, site);
      scope.spend(path, value.length);
      return value;
    });
  },

  'Fn::Join': (body, { scope, path, resolve }) => {
    const [separator, items] = list(body, path);
    const between = text(separator, path);
    const parts = list(resolve(items), path).map((item) => text(item, path));
    scope.spend(
      path,
      parts.reduce((sum, part) => sum + part.length + between.length, 0),
    ); // before it is made
    return parts.join(between);
  },

  'Fn::Split': (body, { scope, path, resolve }) => {
    const [separator, source] = list(body, path);
    const whole = text(resolve(source), path);
    scope.spend(path, whole.length);
    return whole.split(text(separator, path));
  },

  'Fn::Select': (body, { path, resolve }) => {
    const [index, items] = list(body, path);
    const from = list(resolve(items), path);
    const chosen = from[numberOf(resolve(index)) ?? -1];
    if (chosen === undefined) throw wrong(path, `Fn::Select: no item ${shown(index)}`);
    return chosen;
  },

  'Fn::FindInMap': (body, { scope, path, resolve }) => {
    const [map, key, second, otherwise] = list(body, path);
    const [inMap, inRow, column] = [text(resolve(map), path), text(resolve(key), path), text(resolve(second), path)];
    const value = scope.mapping(inMap, inRow, column);
    if (value !== undefined) return value;
    if (scope.languageExtensions && isObject(otherwise) && Object.hasOwn(otherwise, 'DefaultValue')) {
      return resolve(otherwise.DefaultValue);
    }
    throw wrong(path, `Fn::FindInMap: nothing at ${inMap}.${inRow}.${column}`);
  },

  'Fn::Base64': (body, { scope, path, resolve }) => {
    const whole = text(resolve(body), path);
    scope.spend(path, 2 * whole.length);
    return Buffer.from(whole).toString('base64');
  },

  'Fn::If': (body, { path, resolve, condition }) => {
    const operands = list(body, path);
    if (operands.length !== 3) throw wrong(path, 'Fn::If needs a condition and two values');
    return resolve(condition(operands[0]) ? operands[1] : operands[2]);
  },

  'Fn::Length': (body, site) => {
    requireExtensions('Fn::Length', site);
    return list(site.resolve(body), site.path).length;
  },

  'Fn::ToJsonString': (body, site) => {
    requireExtensions('Fn::ToJsonString', site);
    const json = JSON.stringify(site.resolve(body)) ?? '';
    site.scope.spend(site.path, json.length);
    return json;
  },

  'Fn::ImportValue': (body, { path }) => {
    const name = shown(body);
    throw knownOnlyWhenDeployed(path, `Fn::ImportValue ${name} is another stack's output, known only when deployed`);
  },

  'Fn::GetAZs': (_body, { path }) => {
    throw knownOnlyWhenDeployed(path, "Fn::GetAZs: an account's availability zones are known only when deployed");
  },

  'Fn::Transform': (_body, { path }) => {
    throw wrong(path, 'Fn::Transform: macros are expanded only when deployed');
  },
};

function substitute(name: string, whole: string, variables: Record<string, unknown>, site: CallSite): string {
  const { scope, path } = site;
  if (Object.hasOwn(variables, name)) return text(site.resolve(variables[name]), path);
  const dot = name.indexOf('.');
  if (dot > 0) return text(attributeOf(name.slice(0, dot), name.slice(dot + 1), site), path);
  const value = scope.ref(name);
  if (value === undefined) throw wrong(path, `Fn::Sub: ${whole} names no parameter or resource of this stack`);
  return text(value, path);
}

function attributeOf(logicalId: string, attribute: string, { scope, path }: CallSite): unknown {
  const value = scope.attribute(logicalId, attribute);
  if (value === undefined) throw wrong(path, `${logicalId}.${attribute} is not an attribute the emulator knows`);
  return value;
}

function requireExtensions(name: string, { scope, path }: CallSite): void {
  if (!scope.languageExtensions) throw wrong(path, `${name} needs the template's Transform AWS::LanguageExtensions`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'an intrinsic function needs a list here');
  return value;
}

function text(value: unknown, path: string): string {
  const found = textOf(value);
  if (found === undefined) throw wrong(path, 'an intrinsic function needs a string here');
  return found;
}
