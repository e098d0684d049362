import type { HttpApi, HttpRoute, Integration, Stage, WebSocketApi, WebSocketRoute } from '../stack/stack.ts';
import type { Scope } from './intrinsics.ts';
import type { Properties } from './properties.ts';

/** The template's readable resources by type. */
export type ResourcesOfType = (type: string) => readonly Properties[];

interface OwnedStage extends Stage {
  readonly apiId: string;
}

interface OwnedRoute extends WebSocketRoute {
  readonly apiId: string;
}

const NOT_SUPPORTED = 'the emulator does not support it';

/**
 * The stack's APIs with their routes, integrations and stages. At most one of each protocol; a second one is refused.
 * @param functionArns of every function of the template, also of those that cannot be run: that has been reported
 */
export function readApis(
  resources: ResourcesOfType,
  scope: Scope,
  functionArns: ReadonlySet<string>,
): { httpApi?: HttpApi; webSocketApi?: WebSocketApi } {
  const apis = resources('AWS::ApiGatewayV2::Api');
  const protocolOf = (api: Properties) => api.requiredString('ProtocolType');
  const protocols = new Map(apis.map((api) => [idOf(api, scope), protocolOf(api)]));

  const integrations = new Map(
    resources('AWS::ApiGatewayV2::Integration').flatMap((properties) => {
      const protocol = protocols.get(properties.string('ApiId') ?? '');
      const integration = readIntegration(properties, protocol, functionArns);
      return integration ? [[idOf(properties, scope), integration] as const] : [];
    }),
  );
  const unread = new Set(resources('AWS::ApiGatewayV2::Integration').map((properties) => idOf(properties, scope)));
  const responding = new Set(
    resources('AWS::ApiGatewayV2::RouteResponse').map((properties) => properties.requiredString('RouteId')),
  );
  const routes = resources('AWS::ApiGatewayV2::Route').flatMap((properties) => {
    const route = readRoute(properties, integrations, unread, responding.has(idOf(properties, scope)));
    return route ?? [];
  });
  const stages = resources('AWS::ApiGatewayV2::Stage').flatMap((properties) => readStage(properties) ?? []);

  const result: { httpApi?: HttpApi; webSocketApi?: WebSocketApi } = {};
  for (const api of apis) {
    const apiId = idOf(api, scope);
    const identity = { logicalId: api.logicalId, apiId, name: api.string('Name') ?? api.logicalId };
    const own = <T extends { apiId: string }>(all: readonly T[]) => all.filter((item) => item.apiId === apiId);
    const ownStages = own(stages).map(({ apiId: _, ...stage }) => stage);
    const [stage] = ownStages;
    refuseUnsupported(api);
    if (stage === undefined) {
      api.report('ProtocolType', 'the API has no stage that serves it (AWS::ApiGatewayV2::Stage)');
      continue;
    }
    switch (protocolOf(api)) {
      case 'HTTP': {
        if (result.httpApi) api.report('ProtocolType', `a second HTTP API (beside ${result.httpApi.logicalId})`);
        result.httpApi = {
          ...identity,
          stages: ownStages,
          routes: own(routes).map(asHttpRoute),
          defaultEndpoint: true,
        };
        break;
      }
      case 'WEBSOCKET': {
        if (result.webSocketApi) {
          api.report('ProtocolType', `a second WebSocket API (beside ${result.webSocketApi.logicalId})`);
        }
        if (ownStages.length > 1) api.report('ProtocolType', 'a WebSocket API with more than one stage');
        const expression = api.string('RouteSelectionExpression') ?? '$request.body.action';
        result.webSocketApi = {
          ...identity,
          stage,
          routeSelectionExpression: expression,
          routes: own(routes).map(({ apiId: _, ...route }) => route),
          defaultEndpoint: true,
        };
        break;
      }
      default:
        api.report('ProtocolType', 'must be HTTP or WEBSOCKET');
    }
  }
  return result;
}

function refuseUnsupported(api: Properties): void {
  api.refuse(['Body', 'BodyS3Location', 'Target', 'RouteKey', 'CorsConfiguration'], NOT_SUPPORTED);
  if (api.boolean('DisableExecuteApiEndpoint')) api.report('DisableExecuteApiEndpoint', NOT_SUPPORTED);
}

/** @param unread ids of every integration of the template, so that one already refused is not refused twice */
function readRoute(
  properties: Properties,
  integrations: ReadonlyMap<string, Integration>,
  unread: ReadonlySet<string>,
  hasResponse: boolean,
): OwnedRoute | undefined {
  const authorization = properties.string('AuthorizationType') ?? 'NONE';
  if (authorization !== 'NONE') {
    properties.report('AuthorizationType', `${authorization} is not supported: only NONE is`);
  }
  if (properties.boolean('ApiKeyRequired')) properties.report('ApiKeyRequired', NOT_SUPPORTED);
  const apiId = properties.requiredString('ApiId');
  const routeKey = properties.requiredString('RouteKey');
  const target = properties.requiredString('Target');
  if (apiId === undefined || routeKey === undefined || target === undefined) return undefined;

  const integrationId = target.replace(/^integrations\//, '');
  const integration = integrations.get(integrationId);
  if (integration === undefined) {
    if (!unread.has(integrationId)) properties.report('Target', `${target} is no integration of this stack`);
    return undefined;
  }
  const respond = hasResponse && properties.string('RouteResponseSelectionExpression') === '$default';
  return { apiId, logicalId: properties.logicalId, routeKey, integration, respond, authorization: { kind: 'none' } };
}

/**
 * Timeouts: 50 to 30,000 ms for HTTP APIs (HR-06), to 29,000 ms for WebSocket APIs (WS-10); the most is the default.
 */
function readIntegration(
  properties: Properties,
  protocol: string | undefined,
  functionArns: ReadonlySet<string>,
): Integration | undefined {
  const type = properties.requiredString('IntegrationType');
  if (type !== undefined && type !== 'AWS_PROXY') {
    properties.report('IntegrationType', `${type} is not supported: only AWS_PROXY is`);
    return undefined;
  }
  properties.refuse(['CredentialsArn', 'IntegrationSubtype', 'RequestParameters', 'ResponseParameters'], NOT_SUPPORTED);
  if (properties.string('ConnectionType') === 'VPC_LINK') properties.report('ConnectionType', NOT_SUPPORTED);

  const longest = protocol === 'WEBSOCKET' ? 29_000 : 30_000;
  const timeoutMs = properties.number('TimeoutInMillis', { min: 50, max: longest, otherwise: longest });
  const format = protocol === 'WEBSOCKET' ? '1.0' : (properties.requiredString('PayloadFormatVersion') ?? '2.0');
  if (format !== '1.0' && format !== '2.0') {
    properties.report('PayloadFormatVersion', 'must be 1.0 or 2.0');
    return undefined;
  }
  const uri = properties.requiredString('IntegrationUri');
  if (uri === undefined) return undefined;
  const functionArn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
  if (!functionArns.has(functionArn)) {
    properties.report('IntegrationUri', `${uri} names no function of this stack`);
    return undefined;
  }
  return { logicalId: properties.logicalId, functionArn, payloadFormatVersion: format, timeoutMs };
}

function readStage(properties: Properties): OwnedStage | undefined {
  const apiId = properties.requiredString('ApiId');
  const name = properties.requiredString('StageName');
  if (!properties.boolean('AutoDeploy') && properties.string('DeploymentId') === undefined) {
    properties.report('DeploymentId', 'without it, or AutoDeploy, the stage serves no route');
  }
  const variables = Object.entries(properties.object('StageVariables') ?? {}).map(([key, value]) => [
    key,
    String(value),
  ]);
  return apiId !== undefined && name !== undefined
    ? { apiId, name, variables: Object.fromEntries(variables) }
    : undefined;
}

function asHttpRoute({ logicalId, routeKey, integration, authorization }: WebSocketRoute): HttpRoute {
  return { logicalId, routeKey, integration, authorization };
}

const idOf = (properties: Properties, scope: Scope) => String(scope.ref(properties.logicalId));
