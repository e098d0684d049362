import type { InvokePermission } from '../stack/stack.ts';
import { wildcardMatches } from '../stack/wildcard.ts';

const API_GATEWAY = 'apigateway.amazonaws.com';
const ARN_PARTS = 6;
const INVOKING = new Set(['lambda:InvokeFunction', 'lambda:*']);

export type Decision =
  | { readonly allowed: true }
  /** `considered` are the statements about this function, none of which let the gateway in. */
  | { readonly allowed: false; readonly considered: readonly InvokePermission[] };

/**
 * Decides by the functions' resource policies whether API Gateway may invoke a function for a route.
 * @param invocationArn `arn:aws:execute-api:{region}:{account}:{apiId}/{stage}/{routeKey}`
 * @see WS-06, WS-07, HA-27, LA-17
 */
export function decideInvoke(
  permissions: readonly InvokePermission[],
  functionArn: string,
  invocationArn: string,
): Decision {
  const considered = permissions.filter(
    (permission) =>
      permission.functionArn === functionArn && INVOKING.has(permission.action) && !permission.viaFunctionUrl,
  );
  const allowed = considered.some(
    ({ principal, sourceArn }) =>
      (principal === API_GATEWAY || principal === '*') &&
      (sourceArn === undefined || arnLike(sourceArn, invocationArn)),
  );
  return allowed ? { allowed } : { allowed, considered };
}

/** Says why a function was not invoked, in words that name the ARN and every pattern that missed. */
export function explainDenial(functionArn: string, invocationArn: string, considered: readonly InvokePermission[]) {
  const denial = `API Gateway may not invoke ${functionArn} as ${invocationArn}`;
  if (considered.length === 0) return `${denial}: the function has no permission at all`;
  const misses = considered.map(({ logicalId, principal, sourceArn }) =>
    principal === API_GATEWAY || principal === '*'
      ? `${logicalId} allows ${sourceArn}`
      : `${logicalId} allows the principal ${principal}`,
  );
  return `${denial}: ${misses.join('; ')}`;
}

/**
 * The part of an HTTP API's invocation ARN that comes from the route key: `GET /items` gives `GET/items` (HA-27). Whether AWS
 * names the route's `ANY` or the request's own method there nobody knows; wildcards, which the framework writes, fit both.
 */
export function routeArnPart(routeKey: string): string {
  return routeKey.replace(' ', '');
}

/** IAM's ArnLike: the six parts of both ARNs match one by one; `*` is any text within a part, `?` any one character. */
export function arnLike(pattern: string, arn: string): boolean {
  const patternParts = splitArn(pattern);
  const arnParts = splitArn(arn);
  return (
    patternParts.length === ARN_PARTS &&
    arnParts.length === ARN_PARTS &&
    patternParts.every((part, index) => wildcardMatches(part, arnParts[index] ?? ''))
  );
}

/** The last part, the resource, may itself hold colons. */
function splitArn(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}
