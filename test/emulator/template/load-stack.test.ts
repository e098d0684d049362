import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { strToU8, zipSync } from 'fflate';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import { unpackArtifact } from '../../../emulator/template/artifacts.ts';
import { loadPackagedStack, loadStack } from '../../../emulator/template/load-stack.ts';
import { api, FUNCTION, load, makeFolder, removeFolders } from './fixture.ts';

const ACCOUNT = 'arn:aws:lambda:eu-central-1:123456789012';

/** The message of the one error that loading ends with. */
function refusal(resources: Parameters<typeof load>[0], rest?: object): string {
  try {
    load(resources, rest);
  } catch (error) {
    expect(error).to.be.instanceOf(EmulatorError).with.property('code', 'TEMPLATE_INVALID');
    return (error as EmulatorError).message;
  }
  throw new Error('the template was accepted');
}

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
    const uri = 'arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${App.Arn}/invocations';
    const properties = { ...resources.Integration?.Properties, IntegrationUri: { 'Fn::Sub': uri } };
    const stack = load({
      ...resources,
      App: FUNCTION,
      Integration: { Type: 'AWS::ApiGatewayV2::Integration', Properties: properties },
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
    const arn = { 'Fn::GetAtt': ['App', 'Arn'] };
    const { permissions } = load({
      App: FUNCTION,
      Any: permission(arn, {}),
      ByName: permission('shop-dev-app', { SourceArn: 'arn:x/$connect' }),
      Url: permission(arn, { Action: 'lambda:InvokeFunctionUrl' }),
      Foreign: permission(arn, { SourceAccount: '999999999999' }),
    });
    const common = { functionArn: `${ACCOUNT}:function:shop-dev-app`, principal: 'apigateway.amazonaws.com' };
    expect(permissions).to.deep.equal([
      { logicalId: 'Any', ...common },
      { logicalId: 'ByName', ...common, sourceArn: 'arn:x/$connect' },
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
    const message = refusal({ Queue: { Type: 'AWS::SQS::Queue' }, Url: { Type: 'AWS::Lambda::Url' } });
    expect(message).to.contain('Queue: the emulator does not know resource type AWS::SQS::Queue');
    expect(message).to.contain('Url: the emulator does not know resource type AWS::Lambda::Url');
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

  it('refuses what it does not do yet by name: authorizers, CORS, other integrations', () => {
    const resources = api('HTTP', 'GET /');
    const message = refusal({
      ...resources,
      App: FUNCTION,
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', CorsConfiguration: {} } },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: { ApiId: { Ref: 'Api' }, IntegrationType: 'HTTP_PROXY' },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: { ...resources.Route?.Properties, AuthorizationType: 'JWT' },
      },
    });
    expect(message).to.contain('Api.Properties.CorsConfiguration:');
    expect(message).to.contain('Integration.Properties.IntegrationType: HTTP_PROXY is not supported');
    expect(message).to.contain('Route.Properties.AuthorizationType: JWT is not supported');
    expect(message).to.contain('has 3 things');
  });

  it('names a circular reference instead of following it', () => {
    const circular = { ...FUNCTION.Properties, FunctionName: { 'Fn::Sub': 'x-${App}' } };
    expect(refusal({ App: { ...FUNCTION, Properties: circular } })).to.match(/App: it refers to itself/);
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
});

describe('unpackArtifact', () => {
  afterEach(removeFolders);

  it('unpacks by content, once, and keeps entries inside', () => {
    const folder = makeFolder();
    const cache = join(folder, 'cache');
    const write = (name: string, files: Record<string, string>) => {
      const entries = Object.entries(files).map(([path, text]) => [path, strToU8(text)]);
      writeFileSync(join(folder, name), zipSync(Object.fromEntries(entries)));
      return join(folder, name);
    };
    const first = unpackArtifact(write('a.zip', { 'a/b.cjs': '1', '../../evil.txt': 'x' }), cache);
    writeFileSync(join(first, 'a/b.cjs'), 'changed by hand');
    const again = unpackArtifact(join(folder, 'a.zip'), cache);
    const other = unpackArtifact(write('b.zip', { 'a/b.cjs': '2' }), cache);

    expect(again).to.equal(first);
    expect(readFileSync(join(again, 'a/b.cjs'), 'utf8'), 'not unpacked a second time').to.equal('changed by hand');
    expect(readFileSync(join(other, 'a/b.cjs'), 'utf8')).to.equal('2');
    expect(existsSync(join(folder, 'evil.txt'))).to.equal(false);
    expect(readdirSync(cache).filter((name) => name.includes('-'))).to.deep.equal([]);
  });

  it('names a file that is not a zip', () => {
    const file = join(makeFolder(), 'a.zip');
    writeFileSync(file, 'not a zip');
    expect(() => unpackArtifact(file, makeFolder())).to.throw(EmulatorError, /a\.zip is not a zip archive/);
  });
});
