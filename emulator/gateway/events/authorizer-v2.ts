import type { Switches } from '../switches.ts';
import type { HttpRequest } from './http-request.ts';
import { httpEventV2 } from './http-v2.ts';

/**
 * What a REQUEST authorizer of format 2.0 gets: the integration's event without its body (developer guide,
 * http-api-lambda-authorizer).
 * @param routeArn `arn:…:{apiId}/{stage}/GET/items/7`
 * @param identitySource the values, in the order of the authorizer's sources
 */
export function authorizerEventV2(
  request: HttpRequest,
  switches: Pick<Switches, 'textContentTypes'>,
  routeArn: string,
  identitySource: readonly string[],
) {
  const { version, body: _body, isBase64Encoded: _encoded, ...rest } = httpEventV2(request, switches);
  return { version, type: 'REQUEST', routeArn, identitySource, ...rest };
}
