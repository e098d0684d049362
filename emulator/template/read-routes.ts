import type { RouteAuthorization, WebSocketRoute } from '../stack/stack.ts';
import { type ApiPart, type ApiResources, NOT_SUPPORTED } from './api-resources.ts';
import type { ApiAuthorizer } from './read-authorizers.ts';
import type { ApiIntegration } from './read-integrations.ts';
import { findKeyFault, routeShape } from './route-keys.ts';
import { plain } from './shapes.ts';

/** A route of either protocol; an HTTP API's never responds by itself. */
export interface ApiRoute extends WebSocketRoute {
  readonly apiId: string;
}

/** What routes refer to, by id. */
export interface RouteTargets {
  readonly integrations: ReadonlyMap<string, ApiIntegration>;
  readonly authorizers: ReadonlyMap<string, ApiAuthorizer>;
}

const UNSUPPORTED = ['ModelSelectionExpression', 'RequestModels', 'RequestParameters'];

/** Every `AWS::ApiGatewayV2::Route` that can be run. */
export function readRoutes(parts: ApiResources, targets: RouteTargets): readonly ApiRoute[] {
  const responding = readResponses(parts);
  const seen = new Map<string, string>();
  return parts.ofType('AWS::ApiGatewayV2::Route').flatMap((part) => {
    const route = readRoute(part, targets, responding.has(part.id));
    if (route === undefined) return [];
    const key = `${route.apiId} ${part.protocol === 'HTTP' ? routeShape(route.routeKey) : route.routeKey}`;
    const twin = seen.get(key);
    if (twin === route.routeKey) part.properties.report('RouteKey', `a second route ${twin} of the same API`);
    else if (twin !== undefined) {
      part.properties.report(
        'RouteKey',
        `differs from ${twin} in the names of variables alone: API Gateway refuses that`,
      );
    }
    seen.set(key, route.routeKey);
    return route;
  });
}

/** Ids of the routes that have a RouteResponse (WS-36). */
function readResponses(parts: ApiResources): ReadonlySet<string | undefined> {
  return new Set(
    parts.ofType('AWS::ApiGatewayV2::RouteResponse').map(({ properties, protocol }) => {
      const key = properties.requiredString('RouteResponseKey');
      if (key !== undefined && key !== '$default') properties.report('RouteResponseKey', 'must be $default');
      if (protocol === 'HTTP') properties.report('ApiId', 'route responses are for WebSocket APIs');
      properties.refuse(['ModelSelectionExpression', 'ResponseModels', 'ResponseParameters'], NOT_SUPPORTED);
      const routeId = properties.requiredString('RouteId');
      properties.refuseOthers();
      return routeId;
    }),
  );
}

function readRoute(part: ApiPart, targets: RouteTargets, hasResponse: boolean): ApiRoute | undefined {
  const { properties, apiId, protocol } = part;
  const routeKey = properties.requiredString('RouteKey');
  const target = properties.requiredString('Target');
  const selection = properties.string('RouteResponseSelectionExpression');
  if (selection !== undefined && (selection !== '$default' || protocol === 'HTTP')) {
    properties.report('RouteResponseSelectionExpression', 'must be $default, and of a WebSocket API');
  }
  if (properties.boolean('ApiKeyRequired')) properties.report('ApiKeyRequired', NOT_SUPPORTED);
  properties.refuse(UNSUPPORTED, NOT_SUPPORTED);
  const authorization = readAuthorization(part, routeKey, targets.authorizers);
  properties.refuseOthers(plain('OperationName'));
  if (routeKey === undefined || target === undefined || authorization === undefined) return undefined;
  const fault = findKeyFault(routeKey, protocol);
  if (fault !== undefined) properties.report('RouteKey', `${routeKey.slice(0, 200)} ${fault}`.trim());

  const found = targets.integrations.get(target.replace(/^integrations\//, ''));
  if (found?.apiId !== apiId) {
    properties.report('Target', `${target.slice(0, 200)} is no integration of the route's API`);
    return undefined;
  }
  const { integration } = found;
  const respond = hasResponse && selection === '$default';
  return integration && { apiId, logicalId: properties.logicalId, routeKey, integration, respond, authorization };
}

/** @returns undefined when it cannot be run; it has been reported then */
function readAuthorization(
  { properties, apiId, protocol }: ApiPart,
  routeKey: string | undefined,
  authorizers: RouteTargets['authorizers'],
): RouteAuthorization | undefined {
  const kinds = ['NONE', 'AWS_IAM', 'CUSTOM', 'JWT'] as const;
  const type = properties.has('AuthorizationType') ? properties.choice('AuthorizationType', kinds) : 'NONE';
  const authorizerId = properties.string('AuthorizerId');
  const scopes = properties.strings('AuthorizationScopes');
  if (type === undefined) return undefined;
  if (protocol === 'WEBSOCKET' && type !== 'NONE' && routeKey !== '$connect') {
    properties.report('AuthorizationType', 'only the route $connect of a WebSocket API can have one');
  }
  if (scopes.length > 0 && type !== 'JWT') properties.report('AuthorizationScopes', 'needs AuthorizationType JWT');
  if (type === 'NONE' || type === 'AWS_IAM') {
    if (authorizerId !== undefined) properties.report('AuthorizerId', `means nothing with AuthorizationType ${type}`);
    return { kind: type === 'NONE' ? 'none' : 'iam' };
  }
  if (authorizerId === undefined) {
    if (!properties.has('AuthorizerId')) properties.report('AuthorizerId', 'is required');
    return undefined;
  }
  const found = authorizers.get(authorizerId);
  if (found?.apiId !== apiId) {
    properties.report('AuthorizerId', `${authorizerId.slice(0, 80)} is no authorizer of the route's API`);
    return undefined;
  }
  const { authorizer } = found;
  if (authorizer === undefined) return undefined;
  if (authorizer.kind === 'jwt') {
    if (type === 'JWT') return { ...authorizer, scopes };
    properties.report('AuthorizationType', 'must be JWT for an authorizer of that type');
    return undefined;
  }
  if (type === 'CUSTOM') return authorizer;
  properties.report('AuthorizationType', 'must be CUSTOM for an authorizer of type REQUEST');
  return undefined;
}
