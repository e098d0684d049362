import type { DomainMapping } from '../stack/stack.ts';
import type { ApiPart, ApiResources, Protocol } from './api-resources.ts';
import { NOT_SUPPORTED } from './api-resources.ts';
import type { Properties } from './properties.ts';
import type { ResourcesOfType } from './resources.ts';
import { ANYTHING, objectOf } from './shapes.ts';

const DOMAIN = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;
/** Segments without slashes at either end, 300 characters at most (WS-21). */
const MAPPING_KEY = /^(?=.{1,300}$)[^\s/]+(\/[^\s/]+)*$/;

const CONFIGURATION = objectOf(
  ...['CertificateArn', 'CertificateName', 'EndpointType', 'IpAddressType', 'OwnershipVerificationCertificateArn'],
  'SecurityPolicy',
);

/** Every `AWS::ApiGatewayV2::ApiMapping`: what hosts of one's own lead to (HA-10, MG-16). */
export function readDomains(
  resources: ResourcesOfType,
  parts: ApiResources,
  hasStage: (apiId: string, stage: string) => boolean,
): readonly DomainMapping[] {
  for (const properties of resources('AWS::ApiGatewayV2::DomainName')) readDomainName(properties);
  const protocols = new Map<string, Protocol>();
  const seen = new Set<string>();
  return parts.ofType('AWS::ApiGatewayV2::ApiMapping').flatMap((part) => {
    const mapping = readMapping(part);
    if (mapping === undefined) return [];
    const { domainName, mappingKey, stage } = mapping;
    const { properties, protocol, apiId } = part;
    if (!hasStage(apiId, stage)) properties.report('Stage', `the API has no stage ${stage.slice(0, 80)}`);
    if (protocol !== (protocols.get(domainName) ?? protocol)) {
      properties.report('DomainName', 'a WebSocket API and an HTTP API cannot share a domain name (WS-21)');
    }
    protocols.set(domainName, protocol);
    const key = `${domainName}/${mappingKey}`;
    if (seen.has(key)) properties.report('ApiMappingKey', `a second mapping of ${key}`);
    seen.add(key);
    return mapping;
  });
}

function readDomainName(properties: Properties): void {
  domainOf(properties);
  properties.refuse(['MutualTlsAuthentication'], NOT_SUPPORTED);
  const mode = properties.string('RoutingMode') ?? 'API_MAPPING_ONLY';
  if (mode !== 'API_MAPPING_ONLY') properties.report('RoutingMode', NOT_SUPPORTED);
  properties.refuseOthers({ DomainNameConfigurations: { kind: 'list', of: CONFIGURATION }, Tags: ANYTHING });
}

/** Host names are compared in lower case. */
function domainOf(properties: Properties): string | undefined {
  const name = properties.requiredString('DomainName')?.toLowerCase();
  if (name !== undefined && (name.length > 253 || !DOMAIN.test(name))) {
    properties.report('DomainName', `${name.slice(0, 300)} is no host name`);
    return undefined;
  }
  return name;
}

function readMapping({ properties, apiId }: ApiPart): DomainMapping | undefined {
  const domainName = domainOf(properties);
  const stage = properties.requiredString('Stage');
  const mappingKey = properties.string('ApiMappingKey') ?? '';
  if (mappingKey !== '' && !MAPPING_KEY.test(mappingKey)) {
    properties.report('ApiMappingKey', 'must be a path without slashes at its ends, of 300 characters at most');
  }
  properties.refuseOthers();
  return domainName !== undefined && stage !== undefined ? { domainName, apiId, stage, mappingKey } : undefined;
}
