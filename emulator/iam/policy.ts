import type { PolicyStatement } from '../stack/stack.ts';
import { wildcardMatches } from '../stack/wildcard.ts';

/** `denied` by a statement that says so; `not-allowed` where none says anything. */
export type Verdict = 'allowed' | 'denied' | 'not-allowed';

/**
 * What an identity's policies say of an action on a resource: one statement must allow it, and none may deny it.
 * @param action `dynamodb:PutItem`; case does not matter in actions
 * @param resourceArn complete, without wildcards; case matters
 */
export function judgeByPolicies(statements: readonly PolicyStatement[], action: string, resourceArn: string): Verdict {
  const applying = statements.filter((statement) => applies(statement, action, resourceArn));
  if (applying.some(({ effect }) => effect === 'Deny')) return 'denied';
  return applying.length > 0 ? 'allowed' : 'not-allowed';
}

function applies(statement: PolicyStatement, action: string, resourceArn: string): boolean {
  const { actions, notActions, resources, notResources } = statement;
  const wanted = action.toLowerCase();
  const isOfActions = (patterns: readonly string[]) =>
    patterns.some((pattern) => wildcardMatches(pattern.toLowerCase(), wanted));
  const isOfResources = (patterns: readonly string[]) =>
    patterns.some((pattern) => wildcardMatches(pattern, resourceArn));
  return (
    (notActions === undefined ? isOfActions(actions) : !isOfActions(notActions)) &&
    (notResources === undefined ? isOfResources(resources) : !isOfResources(notResources))
  );
}
