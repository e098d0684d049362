import type { Stage, Throttle } from '../stack/stack.ts';
import { type ApiPart, type ApiResources, NOT_SUPPORTED } from './api-resources.ts';
import type { Properties } from './properties.ts';
import { ANYTHING, objectOf, plain } from './shapes.ts';
import { textOf } from './values.ts';

export interface ApiStage extends Stage {
  readonly apiId: string;
}

const NAME = /^(\$default|[A-Za-z0-9_-]{1,128})$/;
const VARIABLE_NAME = /^[A-Za-z0-9_]+$/;
const VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,]*$/;
/** More than any account is given. */
const MOST_REQUESTS = 1_000_000_000;
/** Logs and metrics. */
const HARMLESS_SETTINGS = plain('DataTraceEnabled', 'DetailedMetricsEnabled', 'LoggingLevel');

/** @param routeKeys those of an API, by its id */
export function readStages(parts: ApiResources, routeKeys: (apiId: string) => ReadonlySet<string>): ApiStage[] {
  for (const { properties } of parts.ofType('AWS::ApiGatewayV2::Deployment')) {
    properties.refuse(['StageName'], `${NOT_SUPPORTED}: name the deployment in the stage (DeploymentId)`);
    properties.refuseOthers(plain('Description'));
  }
  const seen = new Set<string>();
  return parts.ofType('AWS::ApiGatewayV2::Stage').flatMap((part) => {
    const stage = readStage(part, routeKeys(part.apiId));
    if (stage === undefined) return [];
    const key = `${stage.apiId} ${stage.name}`;
    if (seen.has(key)) part.properties.report('StageName', `a second stage ${stage.name} of the same API`);
    seen.add(key);
    return stage;
  });
}

function readStage({ properties, apiId }: ApiPart, routeKeys: ReadonlySet<string>): ApiStage | undefined {
  const name = properties.requiredString('StageName');
  if (name !== undefined && !NAME.test(name)) {
    properties.report('StageName', 'must be $default, or of letters, digits, - and _');
  }
  if (!properties.boolean('AutoDeploy') && properties.string('DeploymentId') === undefined) {
    properties.report('DeploymentId', 'without it, or AutoDeploy, the stage serves no route');
  }
  const variables = readVariables(properties);
  const defaults = properties.section('DefaultRouteSettings');
  const throttle = defaults && readThrottle(defaults);
  const routeThrottles = readRouteThrottles(properties, routeKeys);
  properties.refuse(['ClientCertificateId', 'AccessPolicyId'], NOT_SUPPORTED);
  properties.refuseOthers({
    ...plain('DeploymentId', 'Description'),
    AccessLogSettings: objectOf('DestinationArn', 'Format'),
    Tags: ANYTHING, // by name
  });
  if (name === undefined) return undefined;
  return { apiId, name, variables, ...(throttle && { throttle }), ...(routeThrottles && { routeThrottles }) };
}

function readVariables(properties: Properties): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties.object('StageVariables') ?? {})) {
    const text = textOf(value);
    if (text !== undefined && VARIABLE_NAME.test(name) && VARIABLE_VALUE.test(text)) variables[name] = text;
    else properties.report(`StageVariables.${name.slice(0, 80)}`, 'has characters that stage variables cannot have');
  }
  return variables;
}

function readRouteThrottles(
  properties: Properties,
  routeKeys: ReadonlySet<string>,
): Readonly<Record<string, Throttle>> | undefined {
  const settings = properties.section('RouteSettings');
  const throttles = Object.keys(properties.object('RouteSettings') ?? {}).flatMap((routeKey) => {
    const own = settings?.section(routeKey);
    const throttle = own && readThrottle(own);
    if (!routeKeys.has(routeKey)) {
      properties.report('RouteSettings', `the API has no route ${routeKey.slice(0, 200)}`);
      return [];
    }
    return throttle ? [[routeKey, throttle] as const] : [];
  });
  return throttles.length > 0 ? Object.fromEntries(throttles) : undefined;
}

/** 0 lets nothing through. */
function readThrottle(settings: Properties): Throttle | undefined {
  const rate = settings.optionalNumber('ThrottlingRateLimit', { min: 0, max: MOST_REQUESTS, fractions: true });
  const burst = settings.optionalNumber('ThrottlingBurstLimit', { min: 0, max: MOST_REQUESTS });
  settings.refuseOthers(HARMLESS_SETTINGS);
  if (rate === undefined && burst === undefined) return undefined;
  return { ...(rate !== undefined && { rate }), ...(burst !== undefined && { burst }) };
}
