import { functionUrlDomain } from '../stack/stack.ts';
import { INERT_TYPES } from './inert-types.ts';
import {
  arn,
  iamArn,
  namedFunctionArn,
  nameFrom,
  type ResourceFacts,
  type ResourceType,
  shortId,
} from './resource-facts.ts';

const functionArn = (facts: ResourceFacts) => arn(facts, 'lambda', `function:${nameFrom('FunctionName')(facts)}`);
const tableArn = (facts: ResourceFacts) => arn(facts, 'dynamodb', `table/${nameFrom('TableName')(facts)}`);
const authorizerId = (facts: ResourceFacts) => facts.ids.authorizerId(facts.logicalId);
const aliasArn = (facts: ResourceFacts) => namedFunctionArn(facts, 'FunctionName', `:${nameFrom('Name')(facts)}`);
const apiHost = (facts: ResourceFacts) =>
  `${facts.ids.apiId(facts.logicalId)}.execute-api.${facts.region}.${facts.urlSuffix}`;

/** What the emulator acts on, and its identity in AWS. */
const ACTED_ON: Readonly<Record<string, ResourceType>> = {
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
};

/** Every resource type a stack may hold, and its identity in AWS. Any other type is refused by name. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = { ...ACTED_ON, ...INERT_TYPES };
