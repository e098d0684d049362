import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { strToU8, zipSync } from 'fflate';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import { loadPackagedStack, loadStack } from '../../../emulator/template/load-stack.ts';
import { api, arnOf, changed, FUNCTION, load, makeFolder, refusal, removeFolders, uriOf } from './fixture.ts';

const ACCOUNT = 'arn:aws:lambda:eu-central-1:123456789012';

describe('loadStack', () => {
  afterEach(removeFolders);

  it('reads a function with its defaults: 3 s (LA-03), 128 MB', () => {
    const [fn] = load({ App: FUNCTION }).functions;
    expect(fn).to.deep.include({
      logicalId: 'App',
      name: 'shop-dev-app',
      arn: `${ACCOUNT}:function:shop-dev-app`,
      handler: 'src/app.handler',
      runtime: 'nodejs22.x',
      timeoutMs: 3_000,
      memoryMb: 128,
      environment: {},
    });
    expect(readFileSync(join(fn?.codeFolder ?? '', 'src/app.cjs'), 'utf8')).to.contain('handler');
  });

  it('resolves the environment to what it is in AWS', () => {
    const environment = {
      Variables: {
        WS: { 'Fn::Sub': '${Api.ApiEndpoint}/dev' },
        TABLE: { Ref: 'Things' },
        ROLE: { 'Fn::GetAtt': 'Role.Arn' },
        SIZE: 7,
        WHERE: { 'Fn::Sub': '${AWS::Partition} ${AWS::Region} ${AWS::AccountId} ${AWS::StackName} ${AWS::URLSuffix}' },
      },
    };
    const stack = load({
      ...api('WEBSOCKET', '$connect'),
      App: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Environment: environment } },
      Role: { Type: 'AWS::IAM::Role' },
      Things: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        },
      },
    });
    const { WS, TABLE, ROLE, SIZE, WHERE } = stack.functions[0]?.environment ?? {};
    expect(WS).to.equal(`wss://${stack.webSocketApi?.apiId}.execute-api.eu-central-1.amazonaws.com/dev`);
    expect(TABLE)
      .to.equal(stack.tables[0]?.name)
      .and.match(/^shop-dev-Things-[A-Z0-9]{12}$/);
    expect(ROLE).to.match(/^arn:aws:iam::123456789012:role\/shop-dev-Role-[A-Z0-9]{12}$/);
    expect(SIZE).to.equal('7');
    expect(WHERE).to.equal('aws eu-central-1 123456789012 shop-dev amazonaws.com');
  });

  it('makes the same ids every time, and others for another stack', () => {
    const template = { Resources: { ...api('HTTP', 'GET /'), App: FUNCTION } };
    const folder = makeFolder();
    writeFileSync(join(folder, 'artifact.zip'), zipSync({ 'a.cjs': strToU8('') }));
    const idOf = (stackName: string) =>
      loadStack({ template, stackName, artifacts: folder, cache: folder, region: 'us-east-1' }).httpApi?.apiId;
    expect(idOf('shop-dev'))
      .to.equal(idOf('shop-dev'))
      .and.match(/^[a-z0-9]{10}$/);
    expect(idOf('shop-prod')).not.to.equal(idOf('shop-dev'));
  });

  it('reads an HTTP API with its stage, routes and payload format (HA-19)', () => {
    const stack = load({ ...api('HTTP', 'GET /items/{id}'), App: FUNCTION });
    expect(stack.webSocketApi).to.equal(undefined);
    expect(stack.httpApi?.stages).to.deep.equal([{ name: 'dev', variables: { colour: 'blue' } }]);
    expect(stack.httpApi?.routes).to.deep.equal([
      {
        logicalId: 'Route',
        routeKey: 'GET /items/{id}',
        integration: {
          logicalId: 'Integration',
          functionArn: `${ACCOUNT}:function:shop-dev-app`,
          payloadFormatVersion: '1.0',
          timeoutMs: 30_000,
        },
        authorization: { kind: 'none' },
      },
    ]);
  });

  it('reads a WebSocket API; its routes answer only with a RouteResponse (WS-36), within 29 s (WS-10)', () => {
    const resources = api('WEBSOCKET', 'ping');
    const { Route } = resources;
    const responding = { ...Route?.Properties, RouteResponseSelectionExpression: '$default' };
    const silent = load({ ...resources, App: FUNCTION }).webSocketApi;
    const talking = load({
      ...resources,
      App: FUNCTION,
      Route: { Type: 'AWS::ApiGatewayV2::Route', Properties: responding },
      Response: {
        Type: 'AWS::ApiGatewayV2::RouteResponse',
        Properties: { ApiId: { Ref: 'Api' }, RouteId: { Ref: 'Route' }, RouteResponseKey: '$default' },
      },
    }).webSocketApi;
    expect(silent?.routeSelectionExpression).to.equal('$request.body.action');
    expect(silent?.stage.name).to.equal('dev');
    expect(silent?.routes[0]).to.deep.include({ routeKey: 'ping', respond: false });
    expect(silent?.routes[0]?.integration.timeoutMs).to.equal(29_000);
    expect(talking?.routes[0]?.respond).to.equal(true);
  });

  it('finds the function in the long form of an integration URI', () => {
    const resources = api('WEBSOCKET', '$default');
    const stack = load({
      ...resources,
      App: FUNCTION,
      Integration: changed(resources.Integration, { IntegrationUri: uriOf('App') }),
    });
    expect(stack.webSocketApi?.routes[0]?.integration.functionArn).to.equal(`${ACCOUNT}:function:shop-dev-app`);
  });

  it('reads permissions as they stand, the absent SourceArn and the wrong one alike (WS-07)', () => {
    const permission = (name: unknown, rest: object) => ({
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: name,
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        ...rest,
      },
    });
    const arn = arnOf('App');
    const url = { Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' };
    const { permissions } = load({
      App: FUNCTION,
      Any: permission(arn, {}),
      ByName: permission('shop-dev-app', { SourceArn: 'arn:x/$connect' }),
      ByPartialArn: permission('123456789012:function:shop-dev-app', { Action: 'lambda:*' }),
      Url: permission(arn, url),
      ViaUrl: permission(arn, { Principal: '*', InvokedViaFunctionUrl: true }),
      Foreign: permission(arn, { SourceAccount: '999999999999' }),
      Alexa: permission(arn, { EventSourceToken: 'amzn1.ask.skill.x' }),
      Other: permission(arn, { Action: 'lambda:GetFunction' }),
    });
    const functionArn = `${ACCOUNT}:function:shop-dev-app`;
    const common = { functionArn, principal: 'apigateway.amazonaws.com', action: 'lambda:InvokeFunction' };
    expect(permissions).to.deep.equal([
      { logicalId: 'Any', ...common },
      { logicalId: 'ByName', ...common, sourceArn: 'arn:x/$connect' },
      { logicalId: 'ByPartialArn', ...common, action: 'lambda:*' },
      {
        ...{ logicalId: 'Url', ...common, action: 'lambda:InvokeFunctionUrl' },
        ...{ principal: '*', functionUrlAuthType: 'NONE' },
      },
      { logicalId: 'ViaUrl', ...common, principal: '*', viaFunctionUrl: true },
    ]);
  });

  it('reads a table with its index and TTL', () => {
    const { tables } = load({
      Things: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'things',
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [
            { AttributeName: 'id', KeyType: 'HASH' },
            { AttributeName: 'part', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'id', AttributeType: 'S' },
            { AttributeName: 'part', AttributeType: 'N' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'by-part',
              KeySchema: [{ AttributeName: 'part', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['colour'] },
            },
          ],
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        },
      },
    });
    expect(tables).to.deep.equal([
      {
        logicalId: 'Things',
        name: 'things',
        keySchema: [
          { name: 'id', type: 'HASH' },
          { name: 'part', type: 'RANGE' },
        ],
        attributes: [
          { name: 'id', type: 'S' },
          { name: 'part', type: 'N' },
        ],
        indexes: [
          {
            name: 'by-part',
            keySchema: [{ name: 'part', type: 'HASH' }],
            projection: 'INCLUDE',
            nonKeyAttributes: ['colour'],
          },
        ],
        ttlAttribute: 'expiresAt',
      },
    ]);
  });

  it('leaves out resources whose condition does not hold, and knows parameters by their defaults', () => {
    const rest = {
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
      Conditions: { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
    };
    const second = { ...FUNCTION.Properties, FunctionName: { 'Fn::Sub': 'shop-${Stage}-two' } };
    const { functions } = load(
      { One: { ...FUNCTION, Condition: 'IsProd' }, Two: { Type: 'AWS::Lambda::Function', Properties: second } },
      rest,
    );
    expect(functions.map(({ name }) => name)).to.deep.equal(['shop-dev-two']);
  });

  it('runs inline code, which CloudFormation puts into index.js', () => {
    const inline = { ...FUNCTION.Properties, Handler: 'index.handler', Code: { ZipFile: 'exports.handler = 1' } };
    const [fn] = load({ App: { Type: 'AWS::Lambda::Function', Properties: inline } }).functions;
    expect(readFileSync(join(fn?.codeFolder ?? '', 'index.js'), 'utf8')).to.equal('exports.handler = 1');
  });

  it('reports every unknown resource type at once, by logical id', () => {
    const types = ['AWS::MSK::Cluster', 'AWS::Serverless::Function', 'constructor'];
    const message = refusal(Object.fromEntries(types.map((Type, index) => [`No${index}`, { Type }])));
    for (const [index, type] of types.entries()) {
      expect(message).to.contain(`No${index}: the emulator does not know resource type ${type}`);
    }
  });

  it('reports properties that nobody here knows: what they would do is not ignored', () => {
    const message = refusal({ App: changed(FUNCTION, { Timeuot: 5, DurableConfig: {}, Layers: ['arn:x'] }) });
    expect(message).to.contain('App.Properties.Timeuot: the emulator does not know this property');
    expect(message).to.contain('App.Properties.DurableConfig: the emulator does not support it');
    expect(message).to.contain('App.Properties.Layers: the emulator does not support layers');
  });

  it('reports dependencies, conditions and parameters that do not exist', () => {
    const message = refusal({
      App: { ...FUNCTION, DependsOn: ['Log', 'Things'] },
      Log: { Type: 'AWS::Logs::LogGroup', Condition: 'Nowhere' },
    });
    expect(message).to.contain('App.DependsOn: Things is no resource of this stack');
    expect(message).to.contain('Conditions: there is no condition Nowhere');
  });

  it('takes parameters as CloudFormation does: declared, allowed, and not what only a deployment knows', () => {
    const template = {
      Parameters: {
        Stage: { Type: 'String', Default: 'dev', AllowedValues: ['dev', 'prod'] },
        Ports: { Type: 'CommaDelimitedList', Default: '1, 2' },
        Secret: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/key' },
      },
      Resources: {
        App: changed(FUNCTION, {
          Code: { ZipFile: '' },
          FunctionName: { 'Fn::Sub': 'shop-${Stage}' },
          Environment: { Variables: { PORTS: { 'Fn::Join': [';', { Ref: 'Ports' }] }, KEY: { Ref: 'Secret' } } },
        }),
      },
    };
    const folder = makeFolder();
    const options = { template, stackName: 'x', region: 'us-east-1', artifacts: folder, cache: folder };
    const messageOf = (parameters: Record<string, string>) => {
      try {
        loadStack({ ...options, parameters });
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('accepted');
    };
    expect(messageOf({})).to.contain('Parameters.Secret: a value of type AWS::SSM').and.contain('has one thing');
    expect(messageOf({ Stage: 'x' })).to.contain('Parameters.Stage: "x" is none of its AllowedValues');
    expect(messageOf({ Stgae: 'dev' })).to.contain('Parameters.Stgae: the template has no such parameter');
  });

  it('refuses macros, which nobody has expanded yet', () => {
    const transform = (Transform: unknown) => refusal({ App: FUNCTION }, { Transform });
    expect(transform('AWS::Serverless-2016-10-31')).to.contain('Transform: macros are expanded only when deployed');
    expect(load({ App: FUNCTION }, { Transform: 'AWS::LanguageExtensions' }).functions).to.have.length(1);
  });

  it('names two functions or tables that would have one name', () => {
    expect(refusal({ App: FUNCTION, Twin: FUNCTION })).to.contain('Twin: has the name of App: shop-dev-app');
  });

  it('reports every unresolvable value at once, by logical id and property path', () => {
    const environment = { Variables: { A: { 'Fn::ImportValue': 'other' }, B: { Ref: 'Nowhere' } } };
    const message = refusal({
      App: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Environment: environment } },
      Other: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Runtime: 'python3.13', Timeout: 901 } },
    });
    expect(message).to.contain('App.Properties.Environment.Variables.A: Fn::ImportValue "other"');
    expect(message).to.contain('App.Properties.Environment.Variables.B: Ref Nowhere names no');
    expect(message).to.contain('Other.Properties.Runtime: python3.13 is not supported');
    expect(message).to.contain('Other.Properties.Timeout: must be a whole number from 1 to 900, not 901');
  });

  it('does not mind an unresolvable value in a property that changes nothing offline', () => {
    const properties = { ...FUNCTION.Properties, Role: { 'Fn::ImportValue': 'shared-role' } };
    expect(load({ App: { ...FUNCTION, Properties: properties } }).functions).to.have.length(1);
  });

  it('refuses variables that Lambda sets itself, as Lambda does', () => {
    const properties = { ...FUNCTION.Properties, Environment: { Variables: { AWS_REGION: 'x' } } };
    const message = refusal({ App: { ...FUNCTION, Properties: properties } });
    expect(message).to.contain('App.Properties.Environment.Variables.AWS_REGION: Lambda sets this variable itself');
  });

  it('refuses integrations other than AWS_PROXY, and what they would transform, by name', () => {
    const resources = api('HTTP', 'GET /');
    const message = refusal({
      ...resources,
      App: FUNCTION,
      Integration: changed(resources.Integration, {
        CredentialsArn: 'arn:x',
        RequestParameters: {},
        TimeoutInMillis: 49,
      }),
      Proxy: changed(resources.Integration, { IntegrationType: 'HTTP_PROXY' }),
      Mock: changed(resources.Integration, { IntegrationType: 'MOCK', IntegrationUri: undefined }),
    });
    expect(message).to.contain('Integration.Properties.CredentialsArn: the emulator does not support it');
    expect(message).to.contain('Integration.Properties.RequestParameters: the emulator does not support it');
    expect(message).to.contain(
      'Integration.Properties.TimeoutInMillis: must be a whole number from 50 to 30000, not 49',
    );
    expect(message).to.contain('Proxy.Properties.IntegrationType: HTTP_PROXY is not supported: only AWS_PROXY is');
    expect(message).to.contain('Mock.Properties.IntegrationType: MOCK is not supported: only AWS_PROXY is');
    expect(message).to.contain('has 5 things');
  });

  it('names a circular reference instead of following it', () => {
    const circular = { ...FUNCTION.Properties, FunctionName: { 'Fn::Sub': 'x-${App}' } };
    expect(refusal({ App: { ...FUNCTION, Properties: circular } })).to.match(/App: it refers to itself/);
    const conditions = { A: { 'Fn::Not': [{ Condition: 'B' }] }, B: { 'Fn::Not': [{ Condition: 'A' }] } };
    const looped = refusal({ App: { ...FUNCTION, Condition: 'A' } }, { Conditions: conditions });
    expect(looped).to.match(/Conditions\.A: it refers to itself/);
  });

  it('says what to do when there is no package, or an artifact is missing', () => {
    const folder = makeFolder();
    const options = { cache: folder, region: 'us-east-1', stackName: 'x' };
    expect(() => loadPackagedStack(folder, options)).to.throw(EmulatorError, /npx sls package/);
    expect(() => loadStack({ ...options, template: { Resources: { App: FUNCTION } }, artifacts: folder })).to.throw(
      EmulatorError,
      /artifact\.zip does not exist/,
    );
  });

  it('names every artifact that is missing, once the template itself is right', () => {
    const named = (FunctionName: string, S3Key: string) => changed(FUNCTION, { FunctionName, Code: { S3Key } });
    const template = { Resources: { A: named('a', 'x/a.zip'), B: named('b', 'x/b.zip'), C: named('c', 'x/b.zip') } };
    const folder = makeFolder();
    const load = () => loadStack({ template, artifacts: folder, cache: folder, region: 'us-east-1', stackName: 'x' });
    expect(load).to.throw(EmulatorError, /a\.zip does not exist\.\n.*b\.zip does not exist\.\nPackage/);
  });
});
