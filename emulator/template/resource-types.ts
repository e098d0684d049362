import type { PhysicalIds } from './physical-ids.ts';

/** What a resource type's `Ref` and `Fn::GetAtt` give, and what the table below may ask to find out. */
export interface ResourceFacts {
  readonly logicalId: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly urlSuffix: string;
  readonly ids: PhysicalIds;
  /** A property as text, intrinsics resolved; undefined when the template does not give it. */
  property(name: string): string | undefined;
}

interface ResourceType {
  /** Absent for types that have no attributes the emulator knows. */
  readonly attributes?: Readonly<Record<string, (facts: ResourceFacts) => string>>;
  ref(facts: ResourceFacts): string;
}

/** `arn:aws:{service}:{region}:{account}:{resource}`; IAM and S3 leave region or account out. */
const arn = (facts: ResourceFacts, service: string, resource: string) =>
  `arn:${facts.partition}:${service}:${facts.region}:${facts.accountId}:${resource}`;

/** The name the template gives, else the one CloudFormation would make. */
const nameFrom = (property: string) => (facts: ResourceFacts) =>
  facts.property(property) ?? facts.ids.name(facts.logicalId);

const shortId = (facts: ResourceFacts) => facts.ids.shortId(facts.logicalId);
const bucketName = (facts: ResourceFacts) => nameFrom('BucketName')(facts).toLowerCase();
const topicArn = (facts: ResourceFacts) => arn(facts, 'sns', nameFrom('TopicName')(facts));
const functionArn = (facts: ResourceFacts) => arn(facts, 'lambda', `function:${nameFrom('FunctionName')(facts)}`);
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
  'AWS::ApiGatewayV2::Deployment': { ref: shortId, attributes: { DeploymentId: shortId } },
  'AWS::ApiGatewayV2::Integration': { ref: shortId, attributes: { IntegrationId: shortId } },
  'AWS::ApiGatewayV2::Route': { ref: shortId, attributes: { RouteId: shortId } },
  'AWS::ApiGatewayV2::RouteResponse': { ref: shortId, attributes: { RouteResponseId: shortId } },
  'AWS::ApiGatewayV2::Stage': { ref: (facts) => facts.property('StageName') ?? '$default' },
  'AWS::DynamoDB::Table': {
    ref: nameFrom('TableName'),
    attributes: { Arn: (facts) => arn(facts, 'dynamodb', `table/${nameFrom('TableName')(facts)}`) },
  },
  'AWS::Lambda::Function': { ref: nameFrom('FunctionName'), attributes: { Arn: functionArn } },
  'AWS::Lambda::Permission': { ref: (facts) => facts.ids.name(facts.logicalId) },

  'AWS::ApiGatewayV2::ApiMapping': { ref: shortId, attributes: { ApiMappingId: shortId } },
  'AWS::ApiGatewayV2::DomainName': {
    ref: nameFrom('DomainName'),
    attributes: {
      RegionalDomainName: (facts) => `d-${apiHost(facts)}`,
      RegionalHostedZoneId: () => 'Z1UJRXOUMOOFQ8',
    },
  },
  'AWS::CertificateManager::Certificate': {
    ref: (facts) => arn(facts, 'acm', `certificate/${facts.ids.name(facts.logicalId)}`),
  },
  'AWS::CloudWatch::Alarm': {
    ref: nameFrom('AlarmName'),
    attributes: { Arn: (facts) => arn(facts, 'cloudwatch', `alarm:${nameFrom('AlarmName')(facts)}`) },
  },
  'AWS::CloudWatch::Dashboard': { ref: nameFrom('DashboardName') },
  'AWS::IAM::ManagedPolicy': {
    ref: (facts) => `arn:${facts.partition}:iam::${facts.accountId}:policy/${nameFrom('ManagedPolicyName')(facts)}`,
  },
  'AWS::IAM::Policy': { ref: nameFrom('PolicyName') },
  'AWS::IAM::Role': {
    ref: nameFrom('RoleName'),
    attributes: {
      Arn: (facts) => `arn:${facts.partition}:iam::${facts.accountId}:role/${nameFrom('RoleName')(facts)}`,
    },
  },
  'AWS::Lambda::Version': { ref: (facts) => `${facts.property('FunctionName')}:1`, attributes: { Version: () => '1' } },
  'AWS::Logs::LogGroup': {
    ref: nameFrom('LogGroupName'),
    attributes: { Arn: (facts) => arn(facts, 'logs', `log-group:${nameFrom('LogGroupName')(facts)}:*`) },
  },
  'AWS::Logs::MetricFilter': { ref: nameFrom('FilterName') },
  'AWS::Route53::RecordSet': { ref: nameFrom('Name') },
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
};
