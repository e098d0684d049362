import type { Integration } from '../stack/stack.ts';
import { type ApiPart, type ApiResources, NOT_SUPPORTED } from './api-resources.ts';
import type { FunctionIndex } from './function-index.ts';
import { plain } from './shapes.ts';

export interface ApiIntegration {
  readonly apiId: string;
  /** Undefined for one that cannot be run, which has been reported. */
  readonly integration: Integration | undefined;
}

const UNSUPPORTED = [
  ...['ConnectionId', 'ContentHandlingStrategy', 'CredentialsArn', 'IntegrationSubtype', 'RequestParameters'],
  ...['RequestTemplates', 'ResponseParameters', 'TemplateSelectionExpression', 'TlsConfig'],
];

/** Every `AWS::ApiGatewayV2::Integration` by its id. */
export function readIntegrations(parts: ApiResources, functions: FunctionIndex): ReadonlyMap<string, ApiIntegration> {
  return new Map(
    parts.ofType('AWS::ApiGatewayV2::Integration').map((part) => {
      return [part.id, { apiId: part.apiId, integration: readIntegration(part, functions) }] as const;
    }),
  );
}

/** Timeouts: 50 to 30,000 ms for HTTP APIs (HR-06), to 29,000 ms for WebSocket APIs (WS-10); the most is the default. */
function readIntegration({ properties, protocol }: ApiPart, functions: FunctionIndex): Integration | undefined {
  const type = properties.requiredString('IntegrationType');
  if (type !== undefined && type !== 'AWS_PROXY') {
    properties.report('IntegrationType', `${type.slice(0, 80)} is not supported: only AWS_PROXY is`);
    return undefined;
  }
  properties.refuse(UNSUPPORTED, NOT_SUPPORTED);
  const connection = properties.string('ConnectionType') ?? 'INTERNET';
  if (connection !== 'INTERNET') properties.report('ConnectionType', NOT_SUPPORTED);
  const method = properties.string('IntegrationMethod') ?? 'POST';
  if (method !== 'POST') properties.report('IntegrationMethod', 'Lambda is invoked by POST only');

  const longest = protocol === 'WEBSOCKET' ? 29_000 : 30_000;
  const timeoutMs = properties.number('TimeoutInMillis', { min: 50, max: longest, otherwise: longest });
  const payloadFormatVersion = readFormat({ properties, protocol });
  const uri = properties.requiredString('IntegrationUri');
  const functionArn = uri === undefined ? undefined : functions.invoked(properties, 'IntegrationUri', uri);
  properties.refuseOthers(plain('Description', 'PassthroughBehavior')); // which is for integrations that are no proxies
  if (functionArn === undefined || payloadFormatVersion === undefined) return undefined;
  return { logicalId: properties.logicalId, functionArn, payloadFormatVersion, timeoutMs };
}

/** An HTTP API must say which (HA-19); WebSocket APIs have one only. */
function readFormat({ properties, protocol }: Pick<ApiPart, 'properties' | 'protocol'>): '1.0' | '2.0' | undefined {
  const given = properties.string('PayloadFormatVersion');
  if (protocol === 'WEBSOCKET') {
    if (given !== undefined && given !== '1.0') properties.report('PayloadFormatVersion', 'is 1.0 for WebSocket APIs');
    return '1.0';
  }
  // YAML's 2.0 and 1.0 are numbers, which JSON writes as 2 and 1.
  const format = given === '1' || given === '2' ? `${given}.0` : given;
  if (format === '1.0' || format === '2.0') return format;
  properties.report('PayloadFormatVersion', given === undefined ? 'is required' : 'must be 1.0 or 2.0');
  return undefined;
}
