import type { Switches } from '../switches.ts';
import { headerValue, joinedValues } from './headers.ts';
import { domainPrefix, encodeBody, type Granted, type HttpRequest, type Signer, unlessEmpty } from './http-request.ts';
import { requestTime } from './request-time.ts';
import { parseQuery } from './target.ts';

/** Payload format 2.0. What is empty is absent, never null (HA-04); the path is decoded, whatever its name (HA-05). */
export function httpEventV2(request: HttpRequest, { textContentTypes }: Pick<Switches, 'textContentTypes'>) {
  const content = encodeBody(request.body, headerValue(request.headers, 'content-type'), textContentTypes);
  return {
    version: '2.0',
    routeKey: request.routeKey,
    rawPath: request.decodedPath,
    rawQueryString: request.query,
    cookies: cookies(request),
    headers: joinedValues(request.headers),
    queryStringParameters: joinedQuery(request.query),
    requestContext: {
      accountId: request.accountId,
      apiId: request.apiId,
      authorizer: request.granted && authorizerOf(request.granted),
      domainName: request.domainName,
      domainPrefix: domainPrefix(request.domainName),
      http: {
        method: request.method,
        path: request.decodedPath,
        protocol: 'HTTP/1.1', // whatever the client spoke (HA-20)
        sourceIp: request.sourceIp,
        userAgent: headerValue(request.headers, 'user-agent') ?? '',
      },
      requestId: request.requestId,
      routeKey: request.routeKey,
      stage: request.stage.name,
      time: requestTime(request.timeEpoch),
      timeEpoch: request.timeEpoch,
    },
    body: request.body.length > 0 ? content.body : undefined,
    pathParameters: unlessEmpty(request.pathParameters),
    isBase64Encoded: request.body.length > 0 && content.isBase64Encoded,
    stageVariables: unlessEmpty(request.stage.variables),
  };
}

/** A function's context stays as the function gave it; claims are text (developer guide, http-api-lambda-authorizer). */
function authorizerOf(granted: Granted) {
  switch (granted.kind) {
    case 'lambda':
      return { lambda: granted.context ?? null };
    case 'jwt':
      return { jwt: { claims: granted.claims, scopes: granted.scopes } };
    case 'iam':
      return { iam: iamOf(granted) };
  }
}

/** `authorizer.iam`, of a function URL as well. */
function iamOf({ accessKey, accountId, userArn, userId }: Signer) {
  const absent = { cognitoIdentity: null, principalOrgId: null };
  return { accessKey, accountId, callerId: userId, ...absent, userArn, userId };
}

/** The cookie header, one element a cookie (HA-15). */
function cookies(request: HttpRequest): string[] | undefined {
  const all = request.headers
    .filter(({ key }) => key === 'cookie')
    .flatMap(({ value }) => value.split(';'))
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie !== '');
  return all.length > 0 ? all : undefined;
}

/** Repeated keys are joined by `,`, so that a real comma cannot be told apart (HA-11). */
function joinedQuery(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const values = parseQuery(query);
  return values.size > 0 ? Object.fromEntries(Array.from(values, ([name, all]) => [name, all.join(',')])) : undefined;
}
