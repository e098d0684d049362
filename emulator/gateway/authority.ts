import type { CredentialStore, Principal } from '../iam/credentials.ts';
import { judgeByPolicies } from '../iam/policy.ts';
import { denial, identify, isAllowed, type SignedRequest } from '../iam/signature.ts';
import type { Clock } from '../stack/clock.ts';

/** Whether a signed request may do what it asks for, or the error that AWS answers with. */
export type Ruling =
  | { readonly allowed: true; readonly principalArn: string }
  | { readonly allowed: false; readonly errorType: string; readonly message: string };

/** IAM, as API Gateway asks it (MG-03, MG-04). */
export interface Authority {
  /**
   * @param action `execute-api:ManageConnections`, `execute-api:Invoke` or `lambda:InvokeFunctionUrl`
   * @param wholeArn what stands for all resources of that kind, where a policy may name that instead
   */
  rule(request: SignedRequest, action: string, resourceArn: string, wholeArn?: string): Ruling;
}

export function createAuthority(credentials: CredentialStore, region: string, clock: Clock): Authority {
  return {
    rule(request, action, resourceArn, wholeArn) {
      const service = action.startsWith('lambda:') ? 'lambda' : 'execute-api';
      const who = identify(request, { credentials, service, region, now: clock.now() });
      if (who.kind === 'refused') return { allowed: false, errorType: who.errorType, message: who.message };
      const may =
        isAllowed(who.principal, action, resourceArn) ||
        (wholeArn !== undefined && isAllowedByWhole(who.principal, action, resourceArn, wholeArn));
      return may
        ? { allowed: true, principalArn: who.principal.arn }
        : { allowed: false, errorType: 'ForbiddenException', message: denial(who.principal, action, resourceArn) };
    },
  };
}

/** A statement allows the whole by name, and none denies the one. */
function isAllowedByWhole(
  { statements = [] }: Principal,
  action: string,
  resourceArn: string,
  wholeArn: string,
): boolean {
  const naming = statements.filter(({ notResources }) => notResources === undefined);
  return (
    judgeByPolicies(statements, action, resourceArn) !== 'denied' &&
    judgeByPolicies(naming, action, wholeArn) === 'allowed'
  );
}
