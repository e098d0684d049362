import type { JwtAuthorizer, RequestAuthorizer } from '../../../../emulator/stack/stack.ts';
import { functionArn } from '../fixture.ts';

/** A REQUEST authorizer whose function is `guard`. */
export function requestAuthorizer(overrides: Partial<RequestAuthorizer> = {}): RequestAuthorizer {
  return {
    logicalId: 'Guard',
    authorizerId: 'auth12',
    name: 'guard',
    functionArn: functionArn('guard'),
    identitySources: ['$request.header.Authorization'],
    payloadFormatVersion: '2.0',
    simpleResponses: false,
    cacheTtlMs: 0,
    ...overrides,
  };
}

export function jwtAuthorizer(issuer: string, overrides: Partial<JwtAuthorizer> = {}): JwtAuthorizer {
  return {
    logicalId: 'Tokens',
    authorizerId: 'auth34',
    name: 'tokens',
    identitySource: '$request.header.Authorization',
    issuer,
    audience: ['api'],
    ...overrides,
  };
}

/** What an authorizer returns that speaks IAM. */
export function policy(effect: 'Allow' | 'Deny', resource: string | string[], context?: Record<string, unknown>) {
  return {
    principalId: 'user-1',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
    },
    ...(context && { context }),
  };
}
