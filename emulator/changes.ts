import type { LambdaFunction, Stack } from './stack/stack.ts';

/** What is different between two packages of one stack. */
export interface Changes {
  /** Functions with other code, variables or limits than before. */
  readonly functions: readonly LambdaFunction[];
  /** Everything else that changed, in a person's words. */
  readonly otherParts: readonly string[];
}

const PARTS = {
  httpApi: 'the HTTP API',
  webSocketApi: 'the WebSocket API',
  permissions: 'permissions',
  domains: 'domains',
  tables: 'tables',
} as const satisfies Partial<Record<keyof Stack, string>>;

export function compareStacks(before: Stack, after: Stack): Changes {
  const earlier = new Map(before.functions.map((fn) => [fn.arn, fn]));
  const differing = after.functions.filter((fn) => !same(fn, earlier.get(fn.arn)));
  const otherParts: string[] = (Object.keys(PARTS) as (keyof typeof PARTS)[])
    .filter((part) => !same(before[part], after[part]))
    .map((part) => PARTS[part]);
  const added = after.functions.some((fn) => !earlier.has(fn.arn));
  if (added || after.functions.length < before.functions.length) otherParts.push('the list of functions');
  if (differing.some((fn) => !sameIdentity(fn, earlier.get(fn.arn)))) otherParts.push('roles or URLs of functions');
  return { functions: differing, otherParts };
}

/** Whom a function is to others: what credentials and doors were made from. */
function sameIdentity(fn: LambdaFunction, earlier: LambdaFunction | undefined): boolean {
  return earlier === undefined || (same(fn.role, earlier.role) && same(fn.url, earlier.url));
}

/** Stacks are plain data, read in one order. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
