import { MESSAGING_TYPES } from './inert-messaging-types.ts';
import { AWS_ONLY, type InertType } from './inert-type.ts';
import { arn, type Fact, generatedName, nameFrom, type ResourceFacts, shortId } from './resource-facts.ts';

const NOT_BEFORE = 'exists in AWS only; requests reach the APIs without it here';

const bucketName = (facts: ResourceFacts) => nameFrom('BucketName')(facts).toLowerCase();
const layerArn = (facts: ResourceFacts) => arn(facts, 'lambda', `layer:${nameFrom('LayerName')(facts)}:1`);
const keyId = (facts: ResourceFacts) => facts.ids.uuid(facts.logicalId);
const generated = { ref: generatedName };

const userPoolId = (facts: ResourceFacts) => `${facts.region}_${facts.ids.id(facts.logicalId, 9)}`;
const userPoolProvider = (facts: ResourceFacts) =>
  `cognito-idp.${facts.region}.${facts.urlSuffix}/${userPoolId(facts)}`;
const clientId = (facts: ResourceFacts) => facts.ids.id(facts.logicalId, 26);
const identityPoolId = (facts: ResourceFacts) => `${facts.region}:${facts.ids.uuid(facts.logicalId)}`;

const distributionId = (facts: ResourceFacts) => `E${facts.ids.id(facts.logicalId, 13).toUpperCase()}`;
const cloudFrontPolicy: InertType = { ref: keyId, attributes: { Id: keyId } };

/** Resources of WAF are regional unless they are CloudFront's. */
function wafType(kind: string, attributes: Readonly<Record<string, Fact>> = {}, warning?: string): InertType {
  const scope = (facts: ResourceFacts) => (facts.property('Scope') === 'CLOUDFRONT' ? 'global' : 'regional');
  return {
    ref: (facts) => `${nameFrom('Name')(facts)}|${keyId(facts)}|${facts.property('Scope') ?? 'REGIONAL'}`,
    attributes: {
      Arn: (facts) => arn(facts, 'wafv2', `${scope(facts)}/${kind}/${nameFrom('Name')(facts)}/${keyId(facts)}`),
      Id: keyId,
      ...attributes,
    },
    ...(warning !== undefined && { warning }),
  };
}

const secretArn = (facts: ResourceFacts) => {
  const suffix = facts.ids.id(facts.logicalId, 6);
  return arn(facts, 'secretsmanager', `secret:${nameFrom('Name')(facts)}-${suffix}`);
};
const alarmType: InertType = {
  ref: nameFrom('AlarmName'),
  attributes: { Arn: (facts) => arn(facts, 'cloudwatch', `alarm:${nameFrom('AlarmName')(facts)}`) },
};

/** Every type that is inert, by name. */
export const INERT_TYPES: Readonly<Record<string, InertType>> = {
  ...MESSAGING_TYPES,
  'AWS::ApiGateway::Account': { ref: shortId, attributes: { Id: shortId } },
  'AWS::CDK::Metadata': generated,
  'AWS::CertificateManager::Certificate': {
    ref: (facts) => arn(facts, 'acm', `certificate/${facts.ids.name(facts.logicalId)}`),
  },
  'AWS::CloudFront::CachePolicy': cloudFrontPolicy,
  'AWS::CloudFront::CloudFrontOriginAccessIdentity': {
    ref: distributionId,
    attributes: { Id: distributionId, S3CanonicalUserId: (facts) => facts.ids.id(facts.logicalId, 48) },
  },
  'AWS::CloudFront::Distribution': {
    ref: distributionId,
    attributes: {
      DomainName: (facts) => `d${facts.ids.id(facts.logicalId, 13)}.cloudfront.net`,
      Id: distributionId,
    },
    warning: NOT_BEFORE,
  },
  'AWS::CloudFront::OriginAccessControl': { ref: distributionId, attributes: { Id: distributionId } },
  'AWS::CloudFront::OriginRequestPolicy': cloudFrontPolicy,
  'AWS::CloudFront::ResponseHeadersPolicy': cloudFrontPolicy,
  'AWS::CloudWatch::Alarm': alarmType,
  'AWS::CloudWatch::CompositeAlarm': alarmType,
  'AWS::CloudWatch::Dashboard': { ref: nameFrom('DashboardName'), mayName: ['DashboardBody'] },
  'AWS::Cognito::IdentityPool': {
    ref: identityPoolId,
    attributes: { Id: identityPoolId, Name: nameFrom('IdentityPoolName') },
    refused: { CognitoEvents: 'the emulator does not run triggers of Cognito' },
    warning: AWS_ONLY,
  },
  'AWS::Cognito::IdentityPoolRoleAttachment': generated,
  'AWS::Cognito::UserPool': {
    ref: userPoolId,
    attributes: {
      Arn: (facts) => arn(facts, 'cognito-idp', `userpool/${userPoolId(facts)}`),
      ProviderName: userPoolProvider,
      ProviderURL: (facts) => `https://${userPoolProvider(facts)}`,
      UserPoolId: userPoolId,
    },
    refused: { LambdaConfig: 'the emulator does not run triggers of Cognito' },
    warning: AWS_ONLY,
  },
  'AWS::Cognito::UserPoolClient': {
    ref: clientId,
    attributes: {
      ClientId: clientId,
      ClientSecret: (facts) =>
        facts.property('GenerateSecret') === 'true' ? facts.ids.id(`${facts.logicalId}/secret`, 48) : undefined,
      Name: nameFrom('ClientName'),
    },
    warning: AWS_ONLY,
  },
  'AWS::Cognito::UserPoolDomain': {
    ref: nameFrom('Domain'),
    attributes: { CloudFrontDistribution: (facts) => `d${facts.ids.id(facts.logicalId, 13)}.cloudfront.net` },
    warning: AWS_ONLY,
  },
  'AWS::Cognito::UserPoolGroup': { ref: nameFrom('GroupName') },
  'AWS::Cognito::UserPoolIdentityProvider': { ref: nameFrom('ProviderName') },
  'AWS::Cognito::UserPoolResourceServer': { ref: nameFrom('Identifier') },
  'AWS::Cognito::UserPoolUser': { ref: nameFrom('Username') },
  'AWS::KMS::Alias': { ref: nameFrom('AliasName') },
  'AWS::KMS::Key': {
    ref: keyId,
    attributes: { Arn: (facts) => arn(facts, 'kms', `key/${keyId(facts)}`), KeyId: keyId },
    mayName: ['KeyPolicy'],
    warning: AWS_ONLY,
  },
  'AWS::Lambda::LayerVersion': { ref: layerArn, attributes: { LayerVersionArn: layerArn } },
  'AWS::Lambda::LayerVersionPermission': generated,
  'AWS::Logs::LogGroup': {
    ref: nameFrom('LogGroupName'),
    attributes: { Arn: (facts) => arn(facts, 'logs', `log-group:${nameFrom('LogGroupName')(facts)}:*`) },
    mayName: ['ResourcePolicyDocument'],
  },
  'AWS::Logs::LogStream': { ref: nameFrom('LogStreamName') },
  'AWS::Logs::MetricFilter': { ref: nameFrom('FilterName') },
  'AWS::Logs::QueryDefinition': { ref: keyId, attributes: { QueryDefinitionId: keyId } },
  'AWS::Logs::ResourcePolicy': { ref: nameFrom('PolicyName'), mayName: ['PolicyDocument'] },
  'AWS::Logs::SubscriptionFilter': { ref: nameFrom('FilterName') },
  'AWS::Route53::RecordSet': { ref: nameFrom('Name') },
  'AWS::Route53::RecordSetGroup': generated,
  'AWS::S3::Bucket': {
    ref: bucketName,
    attributes: {
      Arn: (facts) => `arn:${facts.partition}:s3:::${bucketName(facts)}`,
      DomainName: (facts) => `${bucketName(facts)}.s3.${facts.urlSuffix}`,
      RegionalDomainName: (facts) => `${bucketName(facts)}.s3.${facts.region}.${facts.urlSuffix}`,
      DualStackDomainName: (facts) => `${bucketName(facts)}.s3.dualstack.${facts.region}.${facts.urlSuffix}`,
    },
    warning: AWS_ONLY,
  },
  'AWS::S3::BucketPolicy': { ref: bucketName, mayName: ['PolicyDocument'] },
  'AWS::SSM::Parameter': {
    ref: nameFrom('Name'),
    attributes: { Type: (facts) => facts.property('Type'), Value: (facts) => facts.property('Value') },
    mayName: ['Value'],
    warning: AWS_ONLY,
  },
  'AWS::SecretsManager::Secret': {
    ref: secretArn,
    attributes: { Id: secretArn },
    mayName: ['SecretString', 'GenerateSecretString'],
    warning: AWS_ONLY,
  },
  'AWS::WAFv2::IPSet': wafType('ipset'),
  'AWS::WAFv2::LoggingConfiguration': { ref: (facts) => facts.property('ResourceArn') },
  'AWS::WAFv2::RegexPatternSet': wafType('regexpatternset'),
  'AWS::WAFv2::RuleGroup': wafType('rulegroup'),
  'AWS::WAFv2::WebACL': wafType(
    'webacl',
    { LabelNamespace: (facts) => `awswaf:${facts.accountId}:webacl:${nameFrom('Name')(facts)}:` },
    NOT_BEFORE,
  ),
  'AWS::WAFv2::WebACLAssociation': generated,
  // What the framework adds for logs of an API: its function runs while deploying only.
  'Custom::ApiGatewayAccountRole': { ref: generatedName, mayName: ['ServiceToken'] },
};
