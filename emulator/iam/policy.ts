import type { PolicyStatement } from '../stack/stack.ts';
import { wildcardMatches } from '../stack/wildcard.ts';

/**
 * Whether an identity's policies allow an action on a resource: one statement allows it and none denies it.
 * @param action `dynamodb:PutItem`; case does not matter in actions
 * @param resourceArn complete, without wildcards
 */
export function policyAllows(statements: readonly PolicyStatement[], action: string, resourceArn: string): boolean {
  const applying = statements.filter((statement) => applies(statement, action, resourceArn));
  return applying.length > 0 && applying.every(({ effect }) => effect === 'Allow');
}

function applies({ actions, resources }: PolicyStatement, action: string, resourceArn: string): boolean {
  const wanted = action.toLowerCase();
  return (
    actions.some((pattern) => wildcardMatches(pattern.toLowerCase(), wanted)) &&
    resources.some((pattern) => wildcardMatches(pattern, resourceArn))
  );
}
