import { headerValue, joinedValues } from './headers.ts';
import { domainPrefix, encodeBody, type HttpRequest, unlessEmpty } from './http-request.ts';
import { requestTime } from './request-time.ts';
import { decodedPath, parseQuery } from './target.ts';

/** Payload format 2.0. What is empty is absent, never null (HA-04); the path is decoded, whatever its name (HA-05). */
export function httpEventV2(request: HttpRequest) {
  const path = decodedPath(request.path);
  const content = encodeBody(request.body, headerValue(request.headers, 'content-type'));
  return {
    version: '2.0',
    routeKey: request.routeKey,
    rawPath: path,
    rawQueryString: request.query,
    cookies: cookies(request),
    headers: joinedValues(request.headers),
    queryStringParameters: joinedQuery(request.query),
    requestContext: {
      accountId: request.accountId,
      apiId: request.apiId,
      domainName: request.domainName,
      domainPrefix: domainPrefix(request.domainName),
      http: {
        method: request.method,
        path,
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
