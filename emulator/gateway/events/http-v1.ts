import type { Switches } from '../switches.ts';
import { allValues, headerValue, lastValues } from './headers.ts';
import { domainPrefix, encodeBody, type HttpRequest, unlessEmpty } from './http-request.ts';
import { requestTime } from './request-time.ts';
import { decodedPath, parseQuery } from './target.ts';

/** Payload format 1.0 as HTTP APIs send it. What is empty is null (HA-07, HA-11, HA-13, HA-17, HA-18). */
export function httpEventV1(request: HttpRequest, { v1PathEncoding }: Pick<Switches, 'v1PathEncoding'>) {
  const path = decodedPath(request.path);
  const resource = request.routeKey.slice(request.routeKey.indexOf(' ') + 1);
  const query = request.query === '' ? [] : [...parseQuery(request.query)];
  const content = encodeBody(request.body, headerValue(request.headers, 'content-type'));
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
      domainName: request.domainName,
      domainPrefix: domainPrefix(request.domainName),
      extendedRequestId: request.requestId,
      httpMethod: request.method,
      identity: { ...ANONYMOUS, sourceIp: request.sourceIp, userAgent },
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
