import { expect } from 'chai';
import fc from 'fast-check';
import {
  api,
  arnOf,
  changed,
  FUNCTION,
  load,
  type Resource,
  type Resources,
  refusal,
  removeFolders,
  uriOf,
} from './fixture.ts';

const statement = { Sid: 'S', Effect: 'Allow', Action: ['dynamodb:*'], Resource: arnOf('Things') };
const document = { Version: '2012-10-17', Statement: [statement] };
const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
const of = (Type: string, Properties: Record<string, unknown>): Resource => ({ Type, Properties });

/** Every property that is taken, of every type that is acted on, with every section it may have. */
const FULL: Resources = {
  ...api('HTTP', 'GET /'),
  Api: of('AWS::ApiGatewayV2::Api', {
    ...{ Name: 'shop', ProtocolType: 'HTTP', Description: 'd', DisableExecuteApiEndpoint: true },
    CorsConfiguration: { AllowOrigins: ['https://a.example'], MaxAge: 5 },
  }),
  Gate: of('AWS::ApiGatewayV2::Authorizer', {
    ...{ ApiId: { Ref: 'Api' }, Name: 'gate', AuthorizerType: 'REQUEST', AuthorizerUri: uriOf('App') },
    ...{ AuthorizerPayloadFormatVersion: '2.0', IdentitySource: ['$request.header.A'] },
  }),
  Tokens: of('AWS::ApiGatewayV2::Authorizer', {
    ...{ ApiId: { Ref: 'Api' }, Name: 'tokens', AuthorizerType: 'JWT', IdentitySource: ['$request.header.A'] },
    JwtConfiguration: { Audience: ['shop'], Issuer: 'https://issuer.example.com' },
  }),
  Domain: of('AWS::ApiGatewayV2::DomainName', {
    DomainName: 'a.example.com',
    DomainNameConfigurations: [{ CertificateArn: 'arn:x', EndpointType: 'REGIONAL' }],
  }),
  Mapping: of('AWS::ApiGatewayV2::ApiMapping', {
    ...{ ApiId: { Ref: 'Api' }, DomainName: { Ref: 'Domain' }, Stage: 'dev' },
  }),
  Stage: of('AWS::ApiGatewayV2::Stage', {
    ...{ ApiId: { Ref: 'Api' }, StageName: 'dev', DeploymentId: { Ref: 'Deployment' } },
    AccessLogSettings: { DestinationArn: { 'Fn::ImportValue': 'logs' }, Format: '$context.requestId' },
    DefaultRouteSettings: { ThrottlingRateLimit: 5 },
    RouteSettings: { 'GET /': { ThrottlingBurstLimit: 5 } },
  }),
  Deployment: of('AWS::ApiGatewayV2::Deployment', { ApiId: { Ref: 'Api' }, Description: 'd' }),
  App: changed(FUNCTION, {
    Role: arnOf('Role'),
    Environment: { Variables: { KEY: 'b' } },
    ...{ DeadLetterConfig: { TargetArn: 'arn:x' }, EphemeralStorage: { Size: 512 }, SnapStart: { ApplyOn: 'None' } },
    ...{ LoggingConfig: { LogFormat: 'JSON' }, TracingConfig: { Mode: 'Active' }, Tags: [{ Key: 'a', Value: 'b' }] },
    VpcConfig: { SecurityGroupIds: [{ 'Fn::ImportValue': 'g' }], SubnetIds: ['s'] },
    RuntimeManagementConfig: { UpdateRuntimeOn: 'Auto' },
  }),
  Url: of('AWS::Lambda::Url', {
    ...{ TargetFunctionArn: arnOf('App'), AuthType: 'NONE' },
    Cors: { AllowOrigins: ['*'], AllowHeaders: ['a'] },
  }),
  Version: of('AWS::Lambda::Version', {
    FunctionName: { Ref: 'App' },
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
  }),
  Alias: of('AWS::Lambda::Alias', {
    ...{ FunctionName: { Ref: 'App' }, FunctionVersion: '1', Name: 'live' },
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
  }),
  Permission: of('AWS::Lambda::Permission', {
    ...{ FunctionName: arnOf('App'), Action: 'lambda:InvokeFunction', Principal: '*' },
  }),
  Role: of('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies: [{ PolicyName: 'p', PolicyDocument: document }],
    Tags: [{ Key: 'a', Value: 'b' }],
  }),
  Idle: of('AWS::IAM::Role', { Policies: [{ PolicyName: 'p', PolicyDocument: { Version: 'x' } }] }),
  Policy: of('AWS::IAM::Policy', { PolicyName: 'p', Roles: [{ Ref: 'Role' }], PolicyDocument: document }),
  Managed: of('AWS::IAM::ManagedPolicy', { Roles: [{ Ref: 'Role' }], PolicyDocument: document }),
  Things: of('AWS::DynamoDB::Table', {
    ProvisionedThroughput: units,
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [
      {
        ...{ IndexName: 'i', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], ProvisionedThroughput: units },
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a'] },
        WarmThroughput: { ReadUnitsPerSecond: 1 },
      },
    ],
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    StreamSpecification: { StreamViewType: 'KEYS_ONLY' },
    TimeToLiveSpecification: { Enabled: false, AttributeName: 'ttl' },
    Tags: [{ Key: 'a', Value: 'b' }],
  }),
  WsApi: of('AWS::ApiGatewayV2::Api', { Name: 'ws', ProtocolType: 'WEBSOCKET' }),
  WsStage: of('AWS::ApiGatewayV2::Stage', { ApiId: { Ref: 'WsApi' }, StageName: 'ws', AutoDeploy: true }),
  WsIntegration: of('AWS::ApiGatewayV2::Integration', {
    ...{ ApiId: { Ref: 'WsApi' }, IntegrationType: 'AWS_PROXY', IntegrationUri: uriOf('App') },
  }),
  WsRoute: of('AWS::ApiGatewayV2::Route', {
    ...{ ApiId: { Ref: 'WsApi' }, RouteKey: 'a', Target: { 'Fn::Sub': 'integrations/${WsIntegration}' } },
    RouteResponseSelectionExpression: '$default',
  }),
  WsResponse: of('AWS::ApiGatewayV2::RouteResponse', {
    ...{ ApiId: { Ref: 'WsApi' }, RouteId: { Ref: 'WsRoute' }, RouteResponseKey: '$default' },
  }),
};

type Path = readonly string[];

/** Every object in which a property stands: not the insides of intrinsics, and not maps whose keys are names. */
function sectionsIn(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null || path.at(-1) === 'Variables') return [];
  const inner = Object.entries(value);
  if (!Array.isArray(value) && inner.some(([key]) => key === 'Ref' || key.startsWith('Fn::'))) return [];
  const below = inner.flatMap(([key, item]) => sectionsIn(item, [...path, key]));
  return Array.isArray(value) ? below : [path, ...below];
}

function withKey(value: unknown, [step, ...rest]: Path, key: string, item: unknown): unknown {
  if (step === undefined) return { ...(value as object), [key]: item };
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  Object.assign(copy as object, { [step]: withKey((value as Record<string, unknown>)[step], rest, key, item) });
  return copy;
}

describe('keys that nobody reads', () => {
  afterEach(removeFolders);

  it('are reported in every section of every type that is acted on, and nothing else is', () => {
    expect(load(FULL).functions, 'the template itself').to.have.length(1);
    const places = Object.entries(FULL).flatMap(([name, { Properties }]) =>
      sectionsIn(Properties, [name, 'Properties']),
    );
    expect(places.length).to.be.at.least(70);
    for (const place of places) {
      const message = refusal(withKey(FULL, place, 'Zebra', 'x') as Resources);
      expect(message, place.join('.')).to.match(/\.Zebra: |no route Zebra/);
    }
  });

  it('are reported whatever they are called and hold', () => {
    const places = Object.entries(FULL).flatMap(([name, { Properties }]) =>
      sectionsIn(Properties, [name, 'Properties']),
    );
    const key = fc.stringMatching(/^z[A-Za-z0-9]{0,12}$/);
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant({ Ref: 'App' }),
      fc.constant([{ a: {} }]),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), key, value, (place, name, item) => {
        expect(refusal(withKey(FULL, place, name, item) as Resources)).to.contain(name);
      }),
      { numRuns: 200 },
    );
  });

  it('are reported beside Properties as well', () => {
    expect(() => load({ App: { ...FUNCTION, Propertes: {} } as Resource })).to.throw(
      /App has Propertes, which is no part/,
    );
  });
});
