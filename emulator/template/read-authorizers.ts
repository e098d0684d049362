import type { JwtAuthorizer, RequestAuthorizer } from '../stack/stack.ts';
import { type ApiPart, type ApiResources, NOT_SUPPORTED } from './api-resources.ts';
import type { FunctionIndex } from './function-index.ts';
import type { Properties } from './properties.ts';
import { plain } from './shapes.ts';

export type Authorizer =
  | { readonly kind: 'request'; readonly authorizer: RequestAuthorizer }
  | { readonly kind: 'jwt'; readonly authorizer: JwtAuthorizer };

export interface ApiAuthorizer {
  readonly apiId: string;
  /** Undefined for one that cannot be run, which has been reported. */
  readonly authorizer: Authorizer | undefined;
}

const LONGEST_TTL_S = 3_600;
const IDENTITY_SOURCES = {
  HTTP: /^\$(request\.(header|querystring)|context|stageVariables)\.\S+$/,
  WEBSOCKET: /^(route\.request\.(header|querystring)|context|stageVariables)\.\S+$/,
};
const JWT_SOURCE = /^\$request\.(header|querystring)\.\S+$/;

/** Every `AWS::ApiGatewayV2::Authorizer` by its id. */
export function readAuthorizers(parts: ApiResources, functions: FunctionIndex): ReadonlyMap<string, ApiAuthorizer> {
  return new Map(
    parts.ofType('AWS::ApiGatewayV2::Authorizer').map((part) => {
      return [part.id, { apiId: part.apiId, authorizer: readAuthorizer(part, functions) }] as const;
    }),
  );
}

function readAuthorizer(part: ApiPart, functions: FunctionIndex): Authorizer | undefined {
  const { properties, id } = part;
  const type = properties.choice('AuthorizerType', ['REQUEST', 'JWT']);
  if (!properties.has('AuthorizerType')) properties.report('AuthorizerType', 'is required');
  const name = properties.requiredString('Name');
  properties.refuse(['AuthorizerCredentialsArn'], NOT_SUPPORTED);
  if (type === undefined || name === undefined) return undefined;

  const identity = { logicalId: properties.logicalId, authorizerId: id, name };
  const authorizer = type === 'JWT' ? readJwt(part, identity) : readRequest(part, identity, functions);
  properties.refuseOthers(plain('IdentityValidationExpression')); // which AWS does not use
  return authorizer;
}

type Identity = Pick<RequestAuthorizer, 'logicalId' | 'authorizerId' | 'name'>;

/** Answers are cached only when the template asks for it: what AWS does with no TTL at all its documentation leaves open. */
function readRequest(
  { properties, protocol }: ApiPart,
  identity: Identity,
  functions: FunctionIndex,
): Authorizer | undefined {
  properties.refuse(['JwtConfiguration'], 'is for authorizers of type JWT');
  const identitySources = properties.strings('IdentitySource');
  for (const source of identitySources) {
    if (IDENTITY_SOURCES[protocol].test(source)) continue;
    properties.report('IdentitySource', `${source.slice(0, 200)} is no identity source of ${protocol} APIs`);
  }
  const uri = properties.requiredString('AuthorizerUri');
  const functionArn = uri === undefined ? undefined : functions.invoked(properties, 'AuthorizerUri', uri);
  const how = protocol === 'HTTP' ? readHttpRequest(properties, identitySources) : readWebSocketRequest(properties);
  if (functionArn === undefined || how === undefined) return undefined;
  return { kind: 'request', authorizer: { ...identity, functionArn, identitySources, ...how } };
}

type RequestFormat = Pick<RequestAuthorizer, 'payloadFormatVersion' | 'simpleResponses' | 'cacheTtlMs'>;

function readHttpRequest(properties: Properties, identitySources: readonly string[]): RequestFormat | undefined {
  const given = properties.requiredString('AuthorizerPayloadFormatVersion');
  const simpleResponses = properties.boolean('EnableSimpleResponses');
  const ttl = properties.number('AuthorizerResultTtlInSeconds', { min: 0, max: LONGEST_TTL_S, otherwise: 0 });
  if (ttl > 0 && identitySources.length === 0) {
    properties.report('AuthorizerResultTtlInSeconds', 'needs an IdentitySource, by which answers are kept');
  }
  if (given === undefined) return undefined;
  // YAML's 2.0 and 1.0 are numbers, which JSON writes as 2 and 1.
  const format = given === '1' || given === '2' ? `${given}.0` : given;
  if (format !== '1.0' && format !== '2.0') {
    properties.report('AuthorizerPayloadFormatVersion', 'must be 1.0 or 2.0');
    return undefined;
  }
  if (simpleResponses && format === '1.0') properties.report('EnableSimpleResponses', 'needs payload format 2.0');
  return { payloadFormatVersion: format, simpleResponses, cacheTtlMs: 1_000 * ttl };
}

function readWebSocketRequest(properties: Properties): RequestFormat {
  properties.refuse(
    ['AuthorizerPayloadFormatVersion', 'AuthorizerResultTtlInSeconds', 'EnableSimpleResponses'],
    'cannot be set for WEBSOCKET APIs',
  );
  return { payloadFormatVersion: '1.0', simpleResponses: false, cacheTtlMs: 0 };
}

function readJwt({ properties, protocol }: ApiPart, identity: Identity): Authorizer | undefined {
  if (protocol === 'WEBSOCKET') {
    properties.report('AuthorizerType', 'JWT authorizers are for HTTP APIs');
    return undefined;
  }
  properties.refuse(
    ['AuthorizerPayloadFormatVersion', 'AuthorizerResultTtlInSeconds', 'AuthorizerUri', 'EnableSimpleResponses'],
    'is for authorizers of type REQUEST',
  );
  const [identitySource, ...others] = properties.strings('IdentitySource');
  if (identitySource === undefined || others.length > 0 || !JWT_SOURCE.test(identitySource)) {
    properties.report('IdentitySource', 'must be one header or parameter: $request.header.Authorization');
    return undefined;
  }
  const configuration = properties.section('JwtConfiguration');
  if (!properties.has('JwtConfiguration')) properties.report('JwtConfiguration', 'is required');
  const issuer = configuration?.requiredString('Issuer');
  const audience = configuration?.strings('Audience') ?? [];
  configuration?.refuseOthers();
  if (configuration && audience.length === 0) configuration.report('Audience', 'must name whom tokens are for');
  if (issuer === undefined) return undefined;
  if (!isIssuer(issuer)) configuration?.report('Issuer', `${issuer.slice(0, 200)} is no https:// URL`);
  return { kind: 'jwt', authorizer: { ...identity, identitySource, issuer, audience } };
}

/** AWS takes https alone; an issuer on this machine, which only the emulator can reach, may do without. */
function isIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false;
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
}
