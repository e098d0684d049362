import type { PolicyStatement } from '../stack/stack.ts';
import { wildcardMatches } from '../stack/wildcard.ts';
import { DEPLOYED_ONLY } from './intrinsics.ts';
import { isObject } from './values.ts';

/** The services in which the emulator asks what a role allows. */
const ENFORCED = ['dynamodb', 'execute-api', 'lambda'];
const KEYS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);

export type Report = (path: string, what: string) => void;

/**
 * The statements of an identity policy's document, those left out that are about services nobody asks about here: with
 * their conditions and their values that only a deployment knows, they change nothing that can be seen.
 * @param document resolved by `Properties.known`
 * @param report of what is malformed, or is not supported; `path` begins with a dot, after the document's own
 */
export function readStatements(document: unknown, report: Report): PolicyStatement[] {
  if (!isObject(document)) {
    report('', document === DEPLOYED_ONLY ? 'the policy is known only when deployed' : 'must be a policy document');
    return [];
  }
  const { Statement: statements } = document;
  const list = Array.isArray(statements) ? statements : [statements];
  return list.flatMap((statement, index) => {
    const path = Array.isArray(statements) ? `.Statement[${index}]` : '.Statement';
    return readStatement(statement, (inner, what) => report(path + inner, what)) ?? [];
  });
}

function readStatement(statement: unknown, report: Report): PolicyStatement | undefined {
  if (!isObject(statement)) {
    report('', statement === DEPLOYED_ONLY ? 'the statement is known only when deployed' : 'must be a statement');
    return undefined;
  }
  const { Effect: effect, Condition: condition } = statement;
  for (const key of Object.keys(statement)) {
    if (!KEYS.has(key)) report(`.${key.slice(0, 80)}`, 'is no part of a statement of an identity policy');
  }
  if (effect !== 'Allow' && effect !== 'Deny') {
    report('.Effect', 'must be Allow or Deny');
    return undefined;
  }
  const actions = readPatterns(statement, 'Action', report);
  const resources = readPatterns(statement, 'Resource', report);
  if (actions === undefined || resources === undefined) return undefined;
  if (actions.unknown) report(`.${actions.key}`, 'the actions are known only when deployed');
  if (!actions.negated && !actions.patterns.some(isEnforced)) return undefined;

  if (condition !== undefined) report('.Condition', 'the emulator does not evaluate conditions of policies');
  for (const pattern of resources.patterns.filter((it) => it.includes('${'))) {
    report(`.${resources.key}`, `policy variables are not supported: ${pattern.slice(0, 200)}`);
  }
  // An Allow on what another stack has allows nothing here; a Deny, or the opposite of such a thing, might.
  if (resources.unknown && (effect === 'Deny' || resources.negated)) {
    report(`.${resources.key}`, 'the resources are known only when deployed');
  }
  if (!resources.negated && resources.patterns.length === 0) return undefined;
  return {
    effect,
    actions: actions.negated ? [] : actions.patterns,
    ...(actions.negated && { notActions: actions.patterns }),
    resources: resources.negated ? [] : resources.patterns,
    ...(resources.negated && { notResources: resources.patterns }),
  };
}

interface Patterns {
  readonly key: string;
  readonly patterns: readonly string[];
  readonly negated: boolean;
  /** Whether some of them only a deployment knows. */
  readonly unknown: boolean;
}

function readPatterns(
  statement: Record<string, unknown>,
  name: 'Action' | 'Resource',
  report: Report,
): Patterns | undefined {
  const negation = `Not${name}`;
  const negated = statement[negation] !== undefined;
  const key = negated ? negation : name;
  if (negated === (statement[name] !== undefined)) {
    report('', `needs either ${name} or ${negation}`);
    return undefined;
  }
  const given = [statement[key]].flat();
  const patterns = given.filter((it) => typeof it === 'string');
  const unknown = given.includes(DEPLOYED_ONLY);
  if (given.length === 0 || !given.every((it) => typeof it === 'string' || it === DEPLOYED_ONLY)) {
    report(`.${key}`, 'must be a string or a list of strings, and not empty');
    return undefined;
  }
  return { key, patterns, negated, unknown };
}

function isEnforced(action: string): boolean {
  const [service = ''] = action.toLowerCase().split(':');
  return ENFORCED.some((enforced) => wildcardMatches(service, enforced));
}
