import type { DomainMapping, HttpApi, HttpRoute, WebSocketApi } from '../stack/stack.ts';
import { createApiResources, NOT_SUPPORTED, type Protocol } from './api-resources.ts';
import type { FunctionIndex } from './function-index.ts';
import type { Properties } from './properties.ts';
import { readAuthorizers } from './read-authorizers.ts';
import { readCors } from './read-cors.ts';
import { readDomains } from './read-domains.ts';
import { readIntegrations } from './read-integrations.ts';
import { type ApiRoute, readRoutes } from './read-routes.ts';
import { type ApiStage, readStages } from './read-stages.ts';
import type { ResourcesOfType } from './resources.ts';
import type { TemplateScope } from './scope.ts';
import { ANYTHING, plain } from './shapes.ts';

interface Apis {
  readonly httpApi?: HttpApi;
  readonly webSocketApi?: WebSocketApi;
  readonly domains: readonly DomainMapping[];
}

/** An API's own properties, and everything of it. */
interface ApiParts {
  readonly properties: Properties;
  readonly apiId: string;
  readonly routes: readonly ApiRoute[];
  readonly stages: readonly ApiStage[];
}

/** WS-30 */
const DEFAULT_WEBSOCKET_SELECTION = '$request.body.action';
const HTTP_SELECTION = '${request.method} ${request.path}';
const API_KEY_SELECTION = '$request.header.x-api-key';

/** The stack's APIs with all that belongs to them. At most one of each protocol; a second one is refused. */
export function readApis(resources: ResourcesOfType, scope: TemplateScope, functions: FunctionIndex): Apis {
  const apis = resources('AWS::ApiGatewayV2::Api').map((properties) => ({
    properties,
    apiId: String(scope.ref(properties.logicalId)),
    protocol: protocolOf(properties),
  }));
  const parts = createApiResources(resources, scope, new Map(apis.map(({ apiId, protocol }) => [apiId, protocol])));
  const integrations = readIntegrations(parts, functions);
  const authorizers = readAuthorizers(parts, functions);
  const routes = readRoutes(parts, { integrations, authorizers });
  const ofApi = <T extends { apiId: string }>(all: readonly T[], apiId: string) =>
    all.filter((item) => item.apiId === apiId);
  const stages = readStages(parts, (apiId) => new Set(ofApi(routes, apiId).map(({ routeKey }) => routeKey)));
  const domains = readDomains(resources, parts, (apiId, stage) =>
    ofApi(stages, apiId).some(({ name }) => name === stage),
  );

  let httpApi: HttpApi | undefined;
  let webSocketApi: WebSocketApi | undefined;
  for (const { properties, apiId, protocol } of apis) {
    const own = { properties, apiId, routes: ofApi(routes, apiId), stages: ofApi(stages, apiId) };
    if (protocol === 'HTTP') {
      if (httpApi) properties.report('ProtocolType', `a second HTTP API (beside ${httpApi.logicalId})`);
      httpApi = readHttpApi(own) ?? httpApi;
    } else if (protocol === 'WEBSOCKET') {
      if (webSocketApi) properties.report('ProtocolType', `a second WebSocket API (beside ${webSocketApi.logicalId})`);
      webSocketApi = readWebSocketApi(own) ?? webSocketApi;
    }
  }
  return { ...(httpApi && { httpApi }), ...(webSocketApi && { webSocketApi }), domains };
}

function protocolOf(properties: Properties): Protocol | undefined {
  if (!properties.has('ProtocolType')) properties.report('ProtocolType', 'is required');
  return properties.choice('ProtocolType', ['HTTP', 'WEBSOCKET']);
}

function readHttpApi(api: ApiParts): HttpApi | undefined {
  const { properties, routes, stages } = api;
  const shared = readShared(api);
  const expression = properties.string('RouteSelectionExpression') ?? HTTP_SELECTION;
  if (expression !== HTTP_SELECTION) {
    properties.report('RouteSelectionExpression', `must be ${HTTP_SELECTION} for an HTTP API`);
  }
  const cors = readCors(properties, 'CorsConfiguration', 'api');
  properties.refuseOthers(HARMLESS);
  return {
    ...shared,
    stages: stages.map(({ apiId: _, ...stage }) => stage),
    routes: routes.map(asHttpRoute),
    ...(cors && { cors }),
  };
}

function readWebSocketApi(api: ApiParts): WebSocketApi | undefined {
  const { properties, routes, stages } = api;
  const shared = readShared(api);
  const routeSelectionExpression = properties.string('RouteSelectionExpression') ?? DEFAULT_WEBSOCKET_SELECTION;
  properties.refuse(['CorsConfiguration'], 'is for HTTP APIs');
  properties.refuseOthers(HARMLESS);
  const [first, ...others] = stages.map(({ apiId: _, ...stage }) => stage);
  if (others.length > 0) properties.report('ProtocolType', 'a WebSocket API with more than one stage');
  if (first === undefined) return undefined;
  return {
    ...shared,
    stage: first,
    routeSelectionExpression,
    routes: routes.map(({ apiId: _, ...route }) => route),
  };
}

/** Validation of messages is by models, which are refused; addresses of IPv6 change nothing here. */
const HARMLESS = {
  ...plain('Description', 'DisableSchemaValidation', 'IpAddressType', 'Version'),
  Tags: ANYTHING, // by name
};

function readShared({ properties, apiId, stages }: ApiParts) {
  const name = properties.requiredString('Name') ?? '';
  properties.refuse(
    ['BasePath', 'Body', 'BodyS3Location', 'CredentialsArn', 'FailOnWarnings', 'RouteKey', 'Target'],
    NOT_SUPPORTED,
  );
  const apiKeys = properties.string('ApiKeySelectionExpression') ?? API_KEY_SELECTION;
  if (apiKeys !== API_KEY_SELECTION) properties.report('ApiKeySelectionExpression', NOT_SUPPORTED);
  if (stages.length === 0) {
    properties.report('ProtocolType', 'the API has no stage that serves it (AWS::ApiGatewayV2::Stage)');
  }
  const defaultEndpoint = !properties.boolean('DisableExecuteApiEndpoint');
  return { logicalId: properties.logicalId, apiId, name, defaultEndpoint };
}

function asHttpRoute({ logicalId, routeKey, integration, authorization }: ApiRoute): HttpRoute {
  return { logicalId, routeKey, integration, authorization };
}
