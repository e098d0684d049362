import type { Switches } from '../switches.ts';
import { allValues, headerValue, lastValues } from './headers.ts';
import { domainPrefix, encodeBody, type Granted, type HttpRequest, unlessEmpty } from './http-request.ts';
import { requestTime } from './request-time.ts';
import { parseQuery } from './target.ts';

/** Payload format 1.0 as HTTP APIs send it. What is empty is null (HA-07, HA-11, HA-13, HA-17, HA-18). */
export function httpEventV1(
  request: HttpRequest,
  { textContentTypes, v1PathEncoding }: Pick<Switches, 'textContentTypes' | 'v1PathEncoding'>,
) {
  const path = request.decodedPath;
  const resource = request.routeKey.slice(request.routeKey.indexOf(' ') + 1);
  const query = request.query === '' ? [] : [...parseQuery(request.query)];
  const content = encodeBody(request.body, headerValue(request.headers, 'content-type'), textContentTypes);
  const userAgent = headerValue(request.headers, 'user-agent') ?? null;
  return {
    version: '1.0',
    resource,
    path: v1PathEncoding === 'encoded' ? request.path : path,
    httpMethod: request.method,
    headers: lastValues(request.headers),
    multiValueHeaders: allValues(request.headers),
    queryStringParameters:
      query.length > 0 ? Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])) : null,
    multiValueQueryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
    requestContext: {
      accountId: request.accountId,
      apiId: request.apiId,
      authorizer: request.granted && authorizerOf(request.granted),
      domainName: request.domainName,
      domainPrefix: domainPrefix(request.domainName),
      extendedRequestId: request.requestId,
      httpMethod: request.method,
      identity: { ...ANONYMOUS, ...signerOf(request.granted), sourceIp: request.sourceIp, userAgent },
      path,
      protocol: 'HTTP/1.1', // whatever the client spoke (HA-20)
      requestId: request.requestId,
      requestTime: requestTime(request.timeEpoch),
      requestTimeEpoch: request.timeEpoch,
      resourceId: request.routeKey,
      resourcePath: resource,
      stage: request.stage.name,
    },
    pathParameters: unlessEmpty(request.pathParameters) ?? null,
    stageVariables: unlessEmpty(request.stage.variables) ?? null,
    body: request.body.length > 0 ? content.body : null,
    isBase64Encoded: request.body.length > 0 && content.isBase64Encoded,
  };
}

const ANONYMOUS = {
  accessKey: null,
  accountId: null,
  caller: null,
  cognitoAmr: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

/** In 1.0 all of it stands side by side (recorded: awsdocs/amazon-api-gateway-developer-guide#113). */
function authorizerOf(granted: Granted) {
  switch (granted.kind) {
    case 'lambda': {
      const { context = {}, principalId } = granted;
      return { ...textValues(context), ...(principalId !== undefined && { principalId }) };
    }
    case 'jwt':
      return { claims: granted.claims, scopes: granted.scopes };
    case 'iam':
      return undefined; // `identity` has it
  }
}

/** As for REST APIs, which 1.0 is for; null stays null, lists and maps are JSON. */
function textValues(context: Readonly<Record<string, unknown>>): Record<string, string | null> {
  const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => [name, value === null ? null : textOf(value)]),
  );
}

function signerOf(granted: Granted | undefined) {
  if (granted?.kind !== 'iam') return {};
  const { accessKey, accountId, userArn, userId } = granted;
  return { accessKey, accountId, caller: userId, user: userId, userArn };
}
