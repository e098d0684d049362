import { functionUrlDomain } from '../stack/stack.ts';
import { parseFunctionReference } from './function-reference.ts';
import type { PhysicalIds } from './physical-ids.ts';

/** What a resource type's `Ref` and `Fn::GetAtt` give, and what the table below may ask to find out. */
export interface ResourceFacts {
  readonly logicalId: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly urlSuffix: string;
  readonly ids: PhysicalIds;
  /** Whether the template gives the property. */
  has(property: string): boolean;
  /**
   * A property as text, intrinsics resolved; undefined when the template does not give it.
   * @throws Unresolvable
   */
  property(name: string): string | undefined;
}

/** Undefined where the resource has no such thing: the stream of a table without one. */
type Fact = (facts: ResourceFacts) => string | undefined;

interface ResourceType {
  /** Absent for types that have no attributes the emulator knows. */
  readonly attributes?: Readonly<Record<string, Fact>>;
  readonly ref: Fact;
}

/** `arn:aws:{service}:{region}:{account}:{resource}`; IAM and S3 leave region or account out. */
const arn = (facts: ResourceFacts, service: string, resource: string) =>
  `arn:${facts.partition}:${service}:${facts.region}:${facts.accountId}:${resource}`;

/** The name the template gives, else the one CloudFormation would make. */
const nameFrom = (property: string) => (facts: ResourceFacts) =>
  facts.property(property) ?? facts.ids.name(facts.logicalId);

/** `arn:aws:iam::{account}:{kind}{path}{name}`; the path is `/` unless the template gives another. */
const iamArn = (kind: string, name: string) => (facts: ResourceFacts) =>
  `arn:${facts.partition}:iam::${facts.accountId}:${kind}${facts.property('Path') ?? '/'}${nameFrom(name)(facts)}`;

/** The ARN of the function that a property names, by name or ARN. */
const namedFunctionArn = (facts: ResourceFacts, property: string, qualifier = '') => {
  const named = facts.property(property);
  const found = named === undefined ? undefined : parseFunctionReference(named, facts);
  return found && `${found.functionArn}${qualifier}`;
};

const shortId = (facts: ResourceFacts) => facts.ids.shortId(facts.logicalId);
const bucketName = (facts: ResourceFacts) => nameFrom('BucketName')(facts).toLowerCase();
const topicArn = (facts: ResourceFacts) => arn(facts, 'sns', nameFrom('TopicName')(facts));
const functionArn = (facts: ResourceFacts) => arn(facts, 'lambda', `function:${nameFrom('FunctionName')(facts)}`);
const tableArn = (facts: ResourceFacts) => arn(facts, 'dynamodb', `table/${nameFrom('TableName')(facts)}`);
const authorizerId = (facts: ResourceFacts) => facts.ids.authorizerId(facts.logicalId);
const aliasArn = (facts: ResourceFacts) => namedFunctionArn(facts, 'FunctionName', `:${nameFrom('Name')(facts)}`);
const layerArn = (facts: ResourceFacts) => arn(facts, 'lambda', `layer:${nameFrom('LayerName')(facts)}:1`);
const apiHost = (facts: ResourceFacts) =>
  `${facts.ids.apiId(facts.logicalId)}.execute-api.${facts.region}.${facts.urlSuffix}`;

/**
 * Every resource type a stack may hold, and its identity in AWS.
 *
 * The first block is what the emulator acts on. The second does nothing offline and changes nothing that can be seen
 * there: it is known so that references to it resolve. Any other type is refused by name.
 */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': {
    ref: (facts) => facts.ids.apiId(facts.logicalId),
    attributes: {
      ApiId: (facts) => facts.ids.apiId(facts.logicalId),
      ApiEndpoint: (facts) => `${facts.property('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https'}://${apiHost(facts)}`,
    },
  },
  'AWS::ApiGatewayV2::ApiMapping': { ref: shortId, attributes: { ApiMappingId: shortId } },
  'AWS::ApiGatewayV2::Authorizer': { ref: authorizerId, attributes: { AuthorizerId: authorizerId } },
  'AWS::ApiGatewayV2::Deployment': { ref: shortId, attributes: { DeploymentId: shortId } },
  'AWS::ApiGatewayV2::DomainName': {
    ref: nameFrom('DomainName'),
    attributes: {
      DomainNameArn: (facts) =>
        `arn:${facts.partition}:apigateway:${facts.region}::/domainnames/${nameFrom('DomainName')(facts)}`,
      RegionalDomainName: (facts) => `d-${apiHost(facts)}`,
      RegionalHostedZoneId: () => 'Z1UJRXOUMOOFQ8',
    },
  },
  'AWS::ApiGatewayV2::Integration': { ref: shortId, attributes: { IntegrationId: shortId } },
  'AWS::ApiGatewayV2::Route': { ref: shortId, attributes: { RouteId: shortId } },
  'AWS::ApiGatewayV2::RouteResponse': { ref: shortId, attributes: { RouteResponseId: shortId } },
  'AWS::ApiGatewayV2::Stage': { ref: (facts) => facts.property('StageName') ?? '$default' },
  'AWS::DynamoDB::Table': {
    ref: nameFrom('TableName'),
    attributes: {
      Arn: tableArn,
      StreamArn: (facts) =>
        facts.has('StreamSpecification') ? `${tableArn(facts)}/stream/2026-01-01T00:00:00.000` : undefined,
    },
  },
  'AWS::IAM::ManagedPolicy': {
    ref: iamArn('policy', 'ManagedPolicyName'),
    attributes: { PolicyArn: iamArn('policy', 'ManagedPolicyName') },
  },
  'AWS::IAM::Policy': { ref: nameFrom('PolicyName') },
  'AWS::IAM::Role': {
    ref: nameFrom('RoleName'),
    attributes: { Arn: iamArn('role', 'RoleName'), RoleId: (facts) => `AROA${facts.ids.name('').slice(-12)}` },
  },
  'AWS::IAM::RolePolicy': { ref: nameFrom('PolicyName') },
  'AWS::Lambda::Alias': { ref: aliasArn, attributes: { AliasArn: aliasArn } },
  'AWS::Lambda::Function': { ref: nameFrom('FunctionName'), attributes: { Arn: functionArn } },
  'AWS::Lambda::Permission': { ref: (facts) => facts.ids.name(facts.logicalId) },
  'AWS::Lambda::Url': {
    ref: (facts) => namedFunctionArn(facts, 'TargetFunctionArn'),
    attributes: {
      FunctionArn: (facts) => namedFunctionArn(facts, 'TargetFunctionArn'),
      FunctionUrl: (facts) => `https://${functionUrlDomain(facts, facts.ids.urlId(facts.logicalId))}/`,
    },
  },
  'AWS::Lambda::Version': {
    ref: (facts) => namedFunctionArn(facts, 'FunctionName', ':1'),
    attributes: { Version: () => '1', FunctionArn: (facts) => namedFunctionArn(facts, 'FunctionName', ':1') },
  },

  'AWS::ApiGateway::Account': { ref: shortId, attributes: { Id: shortId } },
  'AWS::CDK::Metadata': { ref: (facts) => facts.ids.name(facts.logicalId) },
  'AWS::CertificateManager::Certificate': {
    ref: (facts) => arn(facts, 'acm', `certificate/${facts.ids.name(facts.logicalId)}`),
  },
  'AWS::CloudWatch::Alarm': {
    ref: nameFrom('AlarmName'),
    attributes: { Arn: (facts) => arn(facts, 'cloudwatch', `alarm:${nameFrom('AlarmName')(facts)}`) },
  },
  'AWS::CloudWatch::Dashboard': { ref: nameFrom('DashboardName') },
  'AWS::Lambda::LayerVersion': { ref: layerArn, attributes: { LayerVersionArn: layerArn } },
  'AWS::Lambda::LayerVersionPermission': { ref: (facts) => facts.ids.name(facts.logicalId) },
  'AWS::Logs::LogGroup': {
    ref: nameFrom('LogGroupName'),
    attributes: { Arn: (facts) => arn(facts, 'logs', `log-group:${nameFrom('LogGroupName')(facts)}:*`) },
  },
  'AWS::Logs::MetricFilter': { ref: nameFrom('FilterName') },
  'AWS::Route53::RecordSet': { ref: nameFrom('Name') },
  'AWS::Route53::RecordSetGroup': { ref: (facts) => facts.ids.name(facts.logicalId) },
  'AWS::S3::Bucket': {
    ref: bucketName,
    attributes: {
      Arn: (facts) => `arn:${facts.partition}:s3:::${bucketName(facts)}`,
      DomainName: (facts) => `${bucketName(facts)}.s3.${facts.urlSuffix}`,
      RegionalDomainName: (facts) => `${bucketName(facts)}.s3.${facts.region}.${facts.urlSuffix}`,
    },
  },
  'AWS::S3::BucketPolicy': { ref: bucketName },
  'AWS::SNS::Subscription': { ref: (facts) => `${topicArn(facts)}:${facts.ids.name(facts.logicalId)}` },
  'AWS::SNS::Topic': {
    ref: topicArn,
    attributes: { TopicArn: topicArn, TopicName: nameFrom('TopicName') },
  },
  'AWS::SNS::TopicPolicy': { ref: shortId },
  // What the framework adds for logs of an API: it runs while deploying only.
  'Custom::ApiGatewayAccountRole': { ref: (facts) => facts.ids.name(facts.logicalId) },
};
