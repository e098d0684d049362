/**
 * What to emulate: a CloudFormation stack reduced to the facts the emulator acts on.
 *
 * Plain data, all intrinsics resolved as AWS would resolve them (`https://{apiId}.execute-api.…`, real-looking ARNs).
 * The emulator maps those origins to its own listening ports when it starts; nothing in here is local.
 */
export interface Stack {
  /** CloudFormation stack name, e.g. `postern-dev`. */
  readonly name: string;
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly functions: readonly LambdaFunction[];
  readonly httpApi?: HttpApi;
  readonly webSocketApi?: WebSocketApi;
  /** Host names of one's own, each with what it leads to. */
  readonly domains: readonly DomainMapping[];
  /** Resource-policy statements of the functions: who may invoke what. */
  readonly permissions: readonly InvokePermission[];
  readonly tables: readonly Table[];
  /** What runs otherwise than in AWS, or only there, each naming its logical id; absent where nothing does. */
  readonly warnings?: readonly string[];
}

export interface LambdaFunction {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** Absolute folder holding the unpacked deployment artifact. */
  readonly codeFolder: string;
  /** `path/to/file.export`, relative to `codeFolder`. */
  readonly handler: string;
  /** `nodejs22.x` and the like. */
  readonly runtime: string;
  /** Milliseconds, 1,000 to 900,000; AWS's default is 3,000 (LA-03). */
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** What it is billed as; absent: x86_64, AWS's default. Nothing runs otherwise for it. */
  readonly architecture?: 'arm64' | 'x86_64';
  readonly environment: Readonly<Record<string, string>>;
  readonly role: Role;
  /** Invocations of this function that may be under way at once, out of the account's (LA-06); absent: as many as are left. */
  readonly reservedConcurrency?: number;
  readonly url?: FunctionUrl;
}

/** What a function may do in AWS: the identity its credentials stand for. */
export interface Role {
  /** `arn:aws:iam::123456789012:role/name` */
  readonly arn: string;
  /** Absent for a role that the template only names: nobody here knows what it allows, so nothing is refused. */
  readonly statements?: readonly PolicyStatement[];
}

/** One statement of an identity policy. `*` and `?` in actions and resources are wildcards. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  /** `dynamodb:PutItem`, `execute-api:*`. */
  readonly actions: readonly string[];
  /** `NotAction`: the statement is about every action but these; `actions` is empty then. */
  readonly notActions?: readonly string[];
  readonly resources: readonly string[];
  /** `NotResource`: the statement is about every resource but these; `resources` is empty then. */
  readonly notResources?: readonly string[];
}

/** An HTTPS endpoint of one function, without a gateway (LA-11). */
export interface FunctionUrl {
  readonly logicalId: string;
  /** The host name's first label: 32 of `[a-z0-9]`. */
  readonly urlId: string;
  readonly authorization: 'NONE' | 'AWS_IAM';
  /** Answers leave as the function makes them (`RESPONSE_STREAM`, LA-12), and not when they are whole. */
  readonly streams?: boolean;
  readonly cors?: Cors;
}

export interface Integration {
  readonly logicalId: string;
  readonly functionArn: string;
  /** HTTP APIs choose (HA-19); WebSocket integrations are always `1.0`. */
  readonly payloadFormatVersion: '1.0' | '2.0';
  /** Milliseconds, 50 to 30,000 for HTTP APIs and to 29,000 for WebSocket APIs (HR-06, WS-10). */
  readonly timeoutMs: number;
}

export interface HttpApi {
  readonly logicalId: string;
  /** Ten of `[a-z0-9]`. */
  readonly apiId: string;
  readonly name: string;
  /** `$default`, or a name that then prefixes every path (HA-01). */
  readonly stages: readonly Stage[];
  readonly routes: readonly HttpRoute[];
  readonly cors?: Cors;
  /** False where only domains of one's own lead to the API (HR-15). */
  readonly defaultEndpoint: boolean;
}

/** CORS as the gateway itself answers it (HR-13). Names of headers in any case; `*` stands for all. */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeS?: number;
}

export interface HttpRoute {
  readonly logicalId: string;
  /** `GET /items/{id}`, `ANY /{proxy+}`, `$default`. */
  readonly routeKey: string;
  readonly integration: Integration;
  readonly authorization: RouteAuthorization;
}

export type RouteAuthorization =
  | { readonly kind: 'none' }
  /** Requests are signed, and the signer's policies allow `execute-api:Invoke`. */
  | { readonly kind: 'iam' }
  | { readonly kind: 'request'; readonly authorizer: RequestAuthorizer }
  | { readonly kind: 'jwt'; readonly authorizer: JwtAuthorizer; readonly scopes: readonly string[] };

/** A function that decides whether a request may go on. */
export interface RequestAuthorizer {
  readonly logicalId: string;
  /** Six of `[a-z0-9]`; the function is invoked as `{apiId}/authorizers/{authorizerId}`. */
  readonly authorizerId: string;
  readonly name: string;
  readonly functionArn: string;
  /** `$request.header.Authorization` (HTTP), `route.request.querystring.token` (WebSocket). All must be there (WS-15). */
  readonly identitySources: readonly string[];
  /** WebSocket authorizers are always `1.0`. */
  readonly payloadFormatVersion: '1.0' | '2.0';
  /** With payload format 2.0: the function answers `{ isAuthorized }` instead of a policy. */
  readonly simpleResponses: boolean;
  /** Milliseconds that an answer is kept for the same identity; 0 for never. */
  readonly cacheTtlMs: number;
}

export interface JwtAuthorizer {
  readonly logicalId: string;
  readonly authorizerId: string;
  readonly name: string;
  /** Where the token is: `$request.header.Authorization`. */
  readonly identitySource: string;
  /** `https://…`; its keys come from `{issuer}/.well-known/openid-configuration`. */
  readonly issuer: string;
  readonly audience: readonly string[];
}

export interface WebSocketApi {
  readonly logicalId: string;
  readonly apiId: string;
  readonly name: string;
  readonly stage: Stage;
  /** `$request.body.action` by default (WS-30). */
  readonly routeSelectionExpression: string;
  readonly routes: readonly WebSocketRoute[];
  readonly defaultEndpoint: boolean;
}

export interface WebSocketRoute {
  readonly logicalId: string;
  readonly routeKey: string;
  readonly integration: Integration;
  /** True when the route has a RouteResponse, so that the function's body is sent back (WS-36). */
  readonly respond: boolean;
  /** Of `$connect` only: authorization happens when a connection is made, and never again (WS-15, WS-16). */
  readonly authorization: RouteAuthorization;
}

export interface Stage {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Of every route that has none of its own (WS-50, HA-24). */
  readonly throttle?: Throttle;
  /** By route key. */
  readonly routeThrottles?: Readonly<Record<string, Throttle>>;
}

/** A token bucket; absent parts are the account's (WS-50). */
export interface Throttle {
  /** Requests a second. */
  readonly rate?: number;
  /** Requests at once. */
  readonly burst?: number;
}

/** A host name of one's own that leads to a stage (HA-10, MG-16, WS-21). */
export interface DomainMapping {
  /** `api.example.com`, `*.tunnel.example.com` */
  readonly domainName: string;
  readonly apiId: string;
  readonly stage: string;
  /** The path before the API's own, `v1` or `v1/items`; empty for none. */
  readonly mappingKey: string;
}

export interface InvokePermission {
  readonly logicalId: string;
  readonly functionArn: string;
  readonly principal: string;
  /** `lambda:InvokeFunction`, `lambda:InvokeFunctionUrl` or `lambda:*`. */
  readonly action: string;
  /** Of a statement about function URLs; absent: any. */
  readonly functionUrlAuthType?: 'NONE' | 'AWS_IAM';
  /** `InvokedViaFunctionUrl`: the statement allows nobody but the function's URL, of those that invoke a function. */
  readonly viaFunctionUrl?: boolean;
  /** ArnLike pattern; absent means any source of that principal. */
  readonly sourceArn?: string;
}

export interface Table {
  readonly logicalId: string;
  readonly name: string;
  readonly keySchema: readonly KeyElement[];
  readonly attributes: readonly { readonly name: string; readonly type: 'S' | 'N' | 'B' }[];
  readonly indexes: readonly SecondaryIndex[];
  /** The attribute that holds the expiry in epoch seconds (DD-03). */
  readonly ttlAttribute?: string;
}

export interface KeyElement {
  readonly name: string;
  readonly type: 'HASH' | 'RANGE';
}

export interface SecondaryIndex {
  readonly name: string;
  readonly keySchema: readonly KeyElement[];
  readonly projection: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
  readonly nonKeyAttributes: readonly string[];
}

/** `arn:aws:execute-api:us-east-1:123456789012:abc123/dev/$connect` without its last two parts. */
export function executeApiArn(stack: Pick<Stack, 'partition' | 'region' | 'accountId'>, apiId: string): string {
  return `arn:${stack.partition}:execute-api:${stack.region}:${stack.accountId}:${apiId}`;
}

/** The host name AWS gives an API: `{apiId}.execute-api.{region}.amazonaws.com`. */
export function apiDomain(stack: Pick<Stack, 'partition' | 'region'>, apiId: string): string {
  const suffix = stack.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `${apiId}.execute-api.${stack.region}.${suffix}`;
}

/** The host name of a function URL: `{urlId}.lambda-url.{region}.on.aws`. */
export function functionUrlDomain(stack: Pick<Stack, 'region'>, urlId: string): string {
  return `${urlId}.lambda-url.${stack.region}.on.aws`;
}
