import type { SignedRequest } from '../../iam/signature.ts';
import {
  executeApiArn,
  type HttpApi,
  type HttpRoute,
  type JwtAuthorizer,
  type RequestAuthorizer,
} from '../../stack/stack.ts';
import { type IdentityRequest, readIdentitySource } from '../authorizers/identity-sources.ts';
import { createIssuerKeys } from '../authorizers/issuer-keys.ts';
import { type AuthorizeToken, createJwtAuthorizer } from '../authorizers/jwt-authorizer.ts';
import { type Authorize, createRequestAuthorizer } from '../authorizers/request-authorizer.ts';
import type { GatewayContext } from '../context.ts';
import { authorizerEventV1 } from '../events/authorizer-v1.ts';
import { authorizerEventV2 } from '../events/authorizer-v2.ts';
import { headerValue } from '../events/headers.ts';
import { domainPrefix, type Granted, type HttpRequest } from '../events/http-request.ts';
import { requestTime } from '../events/request-time.ts';
import { decodedPath, parseQuery } from '../events/target.ts';
import { type Answer, refusal } from './answer.ts';
import { signerOf } from './signer.ts';

/** A request before its function, with what only authorization looks at. */
export interface Applicant {
  readonly request: HttpRequest;
  /** Without stage and mapping key, as sent. */
  readonly routePath: string;
  /** As it came over the wire. */
  readonly signed: SignedRequest;
}

/** Lets a request in, or is the answer to it. */
export type Admission =
  | { readonly admitted: true; readonly granted?: Granted }
  | { readonly admitted: false; readonly answer: Answer };

export type AuthorizeRoute = (route: HttpRoute, applicant: Applicant) => Promise<Admission>;

/** Longest that an authorizer's function may take (developer guide, http-api-quotas). */
const AUTHORIZER_MS = 10_000;
const ADMITTED: Admission = { admitted: true };

/** Authorization of an HTTP API's routes: none, by signature, by function or by token. Each authorizer is made once. */
export function createAuthorization(context: GatewayContext, api: HttpApi): AuthorizeRoute {
  const { authority, clock, stack, switches } = context;
  const apiArn = executeApiArn(stack, api.apiId);
  const requestAuthorizers = new Map<string, Authorize>();
  const jwtAuthorizers = new Map<string, AuthorizeToken>();

  function requestAuthorizer(authorizer: RequestAuthorizer): Authorize {
    const { logicalId } = authorizer;
    const made =
      requestAuthorizers.get(logicalId) ?? createRequestAuthorizer(context, apiArn, authorizer, AUTHORIZER_MS);
    requestAuthorizers.set(logicalId, made);
    return made;
  }

  function jwtAuthorizer(authorizer: JwtAuthorizer): AuthorizeToken {
    const { issuer, logicalId } = authorizer;
    const made =
      jwtAuthorizers.get(logicalId) ?? createJwtAuthorizer(authorizer, clock, createIssuerKeys(issuer, clock));
    jwtAuthorizers.set(logicalId, made);
    return made;
  }

  async function byFunction(authorizer: RequestAuthorizer, { request, routePath }: Applicant): Promise<Admission> {
    const resourceArn = routeArn(apiArn, request, decodedPath(routePath, switches.pathDecoding) ?? routePath);
    const facts = identityFacts(request);
    const identity = authorizer.identitySources.map((source) => readIdentitySource(source)?.(facts) ?? '');
    const event = () =>
      authorizer.payloadFormatVersion === '1.0'
        ? authorizerEventV1(request, switches, resourceArn, identity)
        : authorizerEventV2(request, switches, resourceArn, identity);
    const authorization = await requestAuthorizer(authorizer)({ identity, resourceArn, event });
    if (authorization.kind !== 'allowed') {
      const { status, message, note } = authorization;
      return { admitted: false, answer: refusal(status, message, `${routeOf(request)}: ${note}`) };
    }
    const { context: told, principalId } = authorization;
    const granted: Granted = {
      kind: 'lambda',
      ...(told && { context: told }),
      ...(principalId !== undefined && { principalId }),
    };
    return { admitted: true, granted };
  }

  async function byToken(
    authorizer: JwtAuthorizer,
    scopes: readonly string[],
    { request }: Applicant,
  ): Promise<Admission> {
    const identity = readIdentitySource(authorizer.identitySource)?.(identityFacts(request)) ?? '';
    const authorization = await jwtAuthorizer(authorizer)(identity, scopes);
    if (authorization.kind === 'allowed') return { admitted: true, granted: { ...authorization, kind: 'jwt' } };
    const { challenge, message, note, status } = authorization;
    const answer = refusal(status, message, `${routeOf(request)}: ${note}`);
    // Recorded: this answer names no content type.
    const response = { ...answer.response, headers: [['www-authenticate', challenge] as const] };
    return { admitted: false, answer: { ...answer, response } };
  }

  function bySignature({ request, routePath, signed }: Applicant): Admission {
    const ruling = authority.rule(
      signed,
      'execute-api:Invoke',
      routeArn(apiArn, request, decodedPath(routePath, switches.pathDecoding) ?? routePath),
    );
    if (ruling.allowed) return { admitted: true, granted: { kind: 'iam', ...signerOf(signed, ruling.principalArn) } };
    const note = `the route wants a signature (AWS_IAM): ${ruling.message}; the function was not invoked and logged nothing`;
    return { admitted: false, answer: refusal(403, 'Forbidden', note, 'MG-03') };
  }

  return async ({ authorization }, applicant) => {
    switch (authorization.kind) {
      case 'none':
        return ADMITTED;
      case 'iam':
        return bySignature(applicant);
      case 'request':
        return byFunction(authorization.authorizer, applicant);
      case 'jwt':
        return byToken(authorization.authorizer, authorization.scopes, applicant);
    }
  };
}

/** For the log: whose authorizer it was. Authorizers of HTTP APIs have no id of their own. */
function routeOf({ routeKey }: HttpRequest): string {
  return `HTTP authorizer of ${routeKey}`;
}

/** What a policy speaks of: the request's own method and path, whatever the route's key. */
function routeArn(apiArn: string, { method, stage }: HttpRequest, path: string): string {
  return `${apiArn}/${stage.name}/${method}${path}`;
}

/** Context variables by the names that access logs have (developer guide, http-api-logging-variables). */
function identityFacts(request: HttpRequest): IdentityRequest {
  const { accountId, apiId, domainName, headers, method, query, requestId, routeKey, sourceIp, stage } = request;
  return {
    headers,
    query: parseQuery(query),
    stageVariables: stage.variables,
    context: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainPrefix(domainName),
      extendedRequestId: requestId,
      httpMethod: method,
      identity: { sourceIp, userAgent: headerValue(headers, 'user-agent') ?? '' },
      path: request.decodedPath,
      protocol: 'HTTP/1.1',
      requestId,
      requestTime: requestTime(request.timeEpoch),
      requestTimeEpoch: request.timeEpoch,
      routeKey,
      stage: stage.name,
    },
  };
}
