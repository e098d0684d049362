import { expect } from 'chai';
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
} from './fixture.ts';

const POOL: Resource = { Type: 'AWS::Cognito::UserPool', Properties: { UserPoolName: 'people' } };
const CLIENT: Resource = { Type: 'AWS::Cognito::UserPoolClient', Properties: { UserPoolId: { Ref: 'Pool' } } };

/** What the environment of a function sees of the resources, and the warnings about them. */
function seen(resources: Resources, Variables: Record<string, unknown>) {
  const { functions, warnings = [] } = load({ ...resources, App: changed(FUNCTION, { Environment: { Variables } }) });
  return { environment: functions[0]?.environment ?? {}, warnings };
}

describe('resource types that do nothing offline', () => {
  afterEach(removeFolders);

  it('are known by Ref and Fn::GetAtt, with a line that they are not there', () => {
    const { environment, warnings } = seen(
      {
        Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } },
        Ordered: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
        Allowed: { Type: 'AWS::SQS::QueuePolicy', Properties: { PolicyDocument: { x: arnOf('App') } } },
        Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news' } },
        Told: { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sqs' } },
        Pool: POOL,
        Client: CLIENT,
        Server: { Type: 'AWS::Cognito::UserPoolResourceServer', Properties: { Identifier: 'shop' } },
        Identities: { Type: 'AWS::Cognito::IdentityPool', Properties: {} },
        Setting: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/shop/key', Type: 'String', Value: 'v' } },
        Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'key' } },
        Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: {} } },
        Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'orders' } },
        Rule: { Type: 'AWS::Events::Rule', Properties: { Name: 'r', EventBusName: { Ref: 'Bus' } } },
        Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'm' } },
        Guard: { Type: 'AWS::WAFv2::WebACL', Properties: { Name: 'acl', Scope: 'REGIONAL' } },
      },
      {
        QUEUE: { Ref: 'Queue' },
        QUEUE_ARN: arnOf('Queue'),
        QUEUE_NAME: { 'Fn::GetAtt': ['Queue', 'QueueName'] },
        ORDERED: { 'Fn::GetAtt': ['Ordered', 'QueueName'] },
        TOLD: { Ref: 'Told' },
        POOL: { Ref: 'Pool' },
        POOL_ARN: arnOf('Pool'),
        PROVIDER: { 'Fn::GetAtt': ['Pool', 'ProviderName'] },
        CLIENT: { Ref: 'Client' },
        SERVER: { Ref: 'Server' },
        IDENTITIES: { Ref: 'Identities' },
        SETTING: { Ref: 'Setting' },
        SECRET: { Ref: 'Secret' },
        KEY: arnOf('Key'),
        BUS: arnOf('Bus'),
        RULE: arnOf('Rule'),
        MACHINE: { Ref: 'Machine' },
        GUARD: { Ref: 'Guard' },
      },
    );
    const at = (service: string) => `arn:aws:${service}:eu-central-1:123456789012`;
    expect(environment).to.include({
      QUEUE: 'https://sqs.eu-central-1.amazonaws.com/123456789012/jobs',
      QUEUE_ARN: `${at('sqs')}:jobs`,
      QUEUE_NAME: 'jobs',
      SERVER: 'shop',
      SETTING: '/shop/key',
      BUS: `${at('events')}:event-bus/orders`,
      RULE: `${at('events')}:rule/orders/r`,
      MACHINE: `${at('states')}:stateMachine:m`,
      POOL_ARN: `${at('cognito-idp')}:userpool/${environment.POOL}`,
      PROVIDER: `cognito-idp.eu-central-1.amazonaws.com/${environment.POOL}`,
    });
    expect(environment.ORDERED).to.match(/^shop-dev-Ordered-[A-Z0-9]{12}\.fifo$/);
    expect(environment.TOLD).to.match(/^arn:aws:sns:eu-central-1:123456789012:news:[0-9a-f-]{36}$/);
    expect(environment.POOL).to.match(/^eu-central-1_[a-z0-9]{9}$/);
    expect(environment.CLIENT).to.match(/^[a-z0-9]{26}$/);
    expect(environment.IDENTITIES).to.match(/^eu-central-1:[0-9a-f-]{36}$/);
    expect(environment.SECRET).to.match(/:secret:key-[a-z0-9]{6}$/);
    expect(environment.KEY).to.match(/:key\/[0-9a-f-]{36}$/);
    expect(environment.GUARD).to.match(/^acl\|[0-9a-f-]{36}\|REGIONAL$/);
    expect(warnings).to.include('Queue: AWS::SQS::Queue exists in AWS only; what calls it offline fails');
    const named = warnings.map((line) => line.split(':')[0]);
    expect(named).to.include.members([
      'Topic',
      'Pool',
      'Client',
      'Setting',
      'Secret',
      'Key',
      'Bus',
      'Machine',
      'Guard',
    ]);
    expect(named).to.not.include.members(['Allowed']);
    expect(new Set(warnings).size).to.equal(warnings.length);
  });

  it('include the user pool that a JWT authorizer trusts, by Fn::Sub, Fn::Join or its URL', () => {
    const issuers = [
      { 'Fn::Sub': 'https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}' },
      { 'Fn::Join': ['', ['https://cognito-idp.', { Ref: 'AWS::Region' }, '.amazonaws.com/', { Ref: 'Pool' }]] },
      { 'Fn::GetAtt': ['Pool', 'ProviderURL'] },
    ];
    const resources = api('HTTP', 'GET /');
    const issuersRead = issuers.map((Issuer) => {
      const Gate = {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ...{ ApiId: { Ref: 'Api' }, Name: 'gate', AuthorizerType: 'JWT' },
          IdentitySource: ['$request.header.Authorization'],
          JwtConfiguration: { Audience: [{ Ref: 'Client' }], Issuer },
        },
      };
      const Route = changed(resources.Route, { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Gate' } });
      const { httpApi } = load({ ...resources, App: FUNCTION, Pool: POOL, Client: CLIENT, Gate, Route });
      const authorization = httpApi?.routes[0]?.authorization;
      return authorization?.kind === 'jwt' ? authorization.authorizer.issuer : undefined;
    });
    expect(issuersRead[0]).to.match(/^https:\/\/cognito-idp\.eu-central-1\.amazonaws\.com\/eu-central-1_[a-z0-9]{9}$/);
    expect(new Set(issuersRead).size).to.equal(1);
  });

  const unknowable = { 'Fn::Join': ['', [arnOf('App'), { 'Fn::ImportValue': 'x' }]] };
  const invokers: [what: string, type: string, properties: Record<string, unknown>, path: string][] = [
    [
      'a notification of a bucket',
      'AWS::S3::Bucket',
      { NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:*', Function: arnOf('App') }] } },
      'NotificationConfiguration.LambdaConfigurations[0].Function',
    ],
    ['a subscription', 'AWS::SNS::Subscription', { Protocol: 'lambda', Endpoint: arnOf('App') }, 'Endpoint'],
    [
      'a subscription of a topic itself',
      'AWS::SNS::Topic',
      { Subscription: [{ Protocol: 'lambda', Endpoint: arnOf('App') }] },
      'Subscription[0].Endpoint',
    ],
    [
      "a subscription of the stack's API",
      'AWS::SNS::Subscription',
      { Protocol: 'https', Endpoint: { 'Fn::Sub': '${Api.ApiEndpoint}/news' } },
      'Endpoint',
    ],
    ['a rule', 'AWS::Events::Rule', { Targets: [{ Arn: arnOf('App'), Id: 'a' }] }, 'Targets[0].Arn'],
    ['a schedule', 'AWS::Scheduler::Schedule', { Target: { Arn: arnOf('App') } }, 'Target.Arn'],
    [
      'a rule of IoT',
      'AWS::IoT::TopicRule',
      { TopicRulePayload: { Actions: [{ Lambda: { FunctionArn: arnOf('App') } }] } },
      'TopicRulePayload.Actions[0].Lambda.FunctionArn',
    ],
    ['a filter of logs', 'AWS::Logs::SubscriptionFilter', { DestinationArn: arnOf('App') }, 'DestinationArn'],
    ['an alarm', 'AWS::CloudWatch::Alarm', { AlarmActions: [arnOf('App')] }, 'AlarmActions[0]'],
    [
      'a state machine, by name alone',
      'AWS::StepFunctions::StateMachine',
      { DefinitionString: '{"States": {"A": {"Parameters": {"FunctionName": "shop-dev-app"}}}}' },
      'DefinitionString',
    ],
    [
      'a rule by what only a deployment knows',
      'AWS::Events::Rule',
      { Targets: [{ Arn: unknowable, Id: 'a' }] },
      'Targets[0].Arn',
    ],
  ];
  for (const [what, Type, Properties, path] of invokers) {
    it(`refuse ${what} that invokes a function of the stack`, () => {
      const message = refusal({ ...api('HTTP', 'GET /'), App: FUNCTION, It: { Type, Properties } });
      expect(message).to.match(/It\.Properties\.(\S+): \S+ invokes (App|Api), which the emulator does not do for it/);
      expect(message).to.contain(`It.Properties.${path}: `).and.contain('has one thing');
    });
  }

  it('refuse triggers of Cognito, event sources and other retries by name', () => {
    const message = refusal({
      App: FUNCTION,
      Pool: changed(POOL, { LambdaConfig: { PreSignUp: arnOf('App') } }),
      Source: { Type: 'AWS::Lambda::EventSourceMapping' },
      Retries: { Type: 'AWS::Lambda::EventInvokeConfig' },
    });
    expect(message).to.contain('Pool.Properties.LambdaConfig: the emulator does not run triggers of Cognito');
    expect(message).to.contain('Source: AWS::Lambda::EventSourceMapping: the emulator does not invoke functions with');
    expect(message).to.contain('Retries: AWS::Lambda::EventInvokeConfig: the emulator has no other retries');
    expect(message).to.contain('has 3 things');
  });

  it('take what names a function and invokes none, or one elsewhere', () => {
    const stack = load({
      App: FUNCTION,
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Dimensions: [{ Name: 'F', Value: { Ref: 'App' } }] } },
      Setting: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: arnOf('App') } },
      Elsewhere: {
        Type: 'AWS::Events::Rule',
        Properties: { Targets: [{ Arn: { 'Fn::Sub': '${App.Arn}-of-another' }, Id: 'a' }] },
      },
    });
    expect(stack.functions).to.have.length(1);
  });

  it('leave out what no function would notice: logs, alarms, policies, the bucket of the framework', () => {
    const { warnings } = seen(
      {
        Logs: { Type: 'AWS::Logs::LogGroup' },
        Alarm: { Type: 'AWS::CloudWatch::Alarm' },
        ServerlessDeploymentBucket: { Type: 'AWS::S3::Bucket' },
      },
      {},
    );
    expect(warnings.filter((line) => !line.startsWith('App.'))).to.deep.equal([]);
  });
});
