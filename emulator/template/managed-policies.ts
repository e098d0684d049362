import type { PolicyStatement } from '../stack/stack.ts';

const allow = (actions: readonly string[], resources: readonly string[] = ['*']): PolicyStatement[] => [
  { effect: 'Allow', actions, resources },
];

/** What allows nothing in the services in which the emulator asks: logs, traces, networks, other services. */
const NOTHING_HERE: readonly PolicyStatement[] = [];

/**
 * Policies that AWS manages, by what follows `policy/` in their ARN, as far as they concern services in which the
 * emulator asks what a role allows.
 */
export const MANAGED_POLICIES: Readonly<Record<string, readonly PolicyStatement[]>> = {
  AdministratorAccess: allow(['*']),
  PowerUserAccess: [
    { effect: 'Allow', actions: [], notActions: ['iam:*', 'organizations:*', 'account:*'], resources: ['*'] },
  ],

  AmazonAPIGatewayAdministrator: NOTHING_HERE, // of apigateway:, the control plane
  AmazonAPIGatewayInvokeFullAccess: allow(
    ['execute-api:Invoke', 'execute-api:ManageConnections'],
    ['arn:aws:execute-api:*:*:*'],
  ),
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': NOTHING_HERE,

  AmazonDynamoDBFullAccess: allow(['dynamodb:*']),
  AmazonDynamoDBFullAccess_v2: allow(['dynamodb:*']),
  AmazonDynamoDBReadOnlyAccess: allow(
    'BatchGetItem Describe* GetItem GetAbacStatus GetResourcePolicy List* PartiQLSelect Query Scan'
      .split(' ')
      .map((action) => `dynamodb:${action}`),
  ),

  AWSLambda_FullAccess: allow(['lambda:*']),
  AWSLambda_ReadOnlyAccess: allow(['lambda:Get*', 'lambda:List*']),
  'service-role/AWSLambdaRole': allow(['lambda:InvokeFunction']),
  'service-role/AWSLambdaBasicExecutionRole': NOTHING_HERE,
  'service-role/AWSLambdaVPCAccessExecutionRole': NOTHING_HERE,
  'service-role/AWSLambdaENIManagementAccess': NOTHING_HERE,
  'service-role/AWSLambdaKinesisExecutionRole': NOTHING_HERE,
  'service-role/AWSLambdaSQSQueueExecutionRole': NOTHING_HERE,
  'service-role/AWSLambdaDynamoDBExecutionRole': allow(
    ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((action) => `dynamodb:${action}`),
  ),

  AWSXRayDaemonWriteAccess: NOTHING_HERE,
  AWSXrayWriteOnlyAccess: NOTHING_HERE,
  AmazonS3FullAccess: NOTHING_HERE,
  AmazonS3ReadOnlyAccess: NOTHING_HERE,
  AmazonSESFullAccess: NOTHING_HERE,
  AmazonSNSFullAccess: NOTHING_HERE,
  AmazonSQSFullAccess: NOTHING_HERE,
  AmazonSSMReadOnlyAccess: NOTHING_HERE,
  CloudWatchLambdaInsightsExecutionRolePolicy: NOTHING_HERE,
  CloudWatchLogsFullAccess: NOTHING_HERE,
};
