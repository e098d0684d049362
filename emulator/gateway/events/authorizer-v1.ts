import type { Switches } from '../switches.ts';
import type { HttpRequest } from './http-request.ts';
import { httpEventV1 } from './http-v1.ts';

/**
 * What a REQUEST authorizer of format 1.0 gets: one value a header and parameter, no body, and empty maps where the
 * integration's event says null (developer guide, http-api-lambda-authorizer).
 * @param methodArn `arn:…:{apiId}/{stage}/GET/items/7`
 * @param identity the values, in the order of the authorizer's sources
 */
export function authorizerEventV1(
  request: HttpRequest,
  switches: Pick<Switches, 'textContentTypes' | 'v1PathEncoding'>,
  methodArn: string,
  identity: readonly string[],
) {
  const event = httpEventV1(request, switches);
  const identitySource = identity.join(',');
  return {
    version: event.version,
    type: 'REQUEST',
    methodArn,
    identitySource,
    authorizationToken: identitySource,
    resource: event.resource,
    path: event.path,
    httpMethod: event.httpMethod,
    headers: event.headers,
    queryStringParameters: event.queryStringParameters ?? {},
    pathParameters: event.pathParameters ?? {},
    stageVariables: event.stageVariables ?? {},
    requestContext: event.requestContext,
  };
}
