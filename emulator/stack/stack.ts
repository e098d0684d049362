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
  /** Resource-policy statements of the functions: who may invoke what. */
  readonly permissions: readonly InvokePermission[];
  readonly tables: readonly Table[];
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
  readonly environment: Readonly<Record<string, string>>;
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
}

export interface HttpRoute {
  readonly logicalId: string;
  /** `GET /items/{id}`, `ANY /{proxy+}`, `$default`. */
  readonly routeKey: string;
  readonly integration: Integration;
}

export interface WebSocketApi {
  readonly logicalId: string;
  readonly apiId: string;
  readonly name: string;
  readonly stage: Stage;
  /** `$request.body.action` by default (WS-30). */
  readonly routeSelectionExpression: string;
  readonly routes: readonly WebSocketRoute[];
}

export interface WebSocketRoute {
  readonly logicalId: string;
  readonly routeKey: string;
  readonly integration: Integration;
  /** True when the route has a RouteResponse, so that the function's body is sent back (WS-36). */
  readonly respond: boolean;
}

export interface Stage {
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface InvokePermission {
  readonly logicalId: string;
  readonly functionArn: string;
  readonly principal: string;
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
