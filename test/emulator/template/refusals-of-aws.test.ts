import { expect } from 'chai';
import fc from 'fast-check';
import { findKeyFault, routeShape } from '../../../emulator/template/route-keys.ts';
import { api, arnOf, changed, FUNCTION, load, type Resource, refusal, removeFolders } from './fixture.ts';

/** An API with one route of each key. */
function routed(protocol: 'HTTP' | 'WEBSOCKET', ...keys: string[]) {
  const resources = api(protocol, keys[0] ?? '');
  const others = keys.slice(1).map((RouteKey, index) => [`R${index + 1}`, changed(resources.Route, { RouteKey })]);
  return { ...resources, App: FUNCTION, ...Object.fromEntries(others) };
}

describe('what AWS refuses', () => {
  afterEach(removeFolders);

  describe('of routes', () => {
    const malformed: [routeKey: string, why: string][] = [
      ['GET /{a+}/b', 'has {a+} before its end'],
      ['GET /{a}/{a}', 'has the variable a twice'],
      ['GET /{a}/{a+}', 'has the variable a twice'],
      ['GET /x{a}', 'which is no variable'],
      ['GET /{}', 'which is no variable'],
      ['GET /{a', 'which is no variable'],
      ['', 'must not be empty'],
      ['GET', 'is no method with a path'],
      ['get /', 'is no method with a path'],
      ['GET  /', 'is no method with a path'],
    ];
    for (const [routeKey, why] of malformed) {
      it(`is ${JSON.stringify(routeKey)}`, () => {
        expect(refusal(routed('HTTP', routeKey)))
          .to.contain('Route.Properties.RouteKey: ')
          .and.contain(why);
      });
    }

    it('is an empty key of a WebSocket API', () => {
      expect(refusal(routed('WEBSOCKET', ''))).to.contain('Route.Properties.RouteKey: must not be empty');
    });

    it('are two that only the names of their variables tell apart, and a second of the same key', () => {
      expect(refusal(routed('HTTP', 'GET /{a}', 'GET /{b}'))).to.contain(
        'R1.Properties.RouteKey: differs from GET /{a}',
      );
      expect(refusal(routed('HTTP', 'ANY /x/{a+}', 'ANY /x/{b+}'))).to.contain('differs from ANY /x/{a+} in the names');
      expect(refusal(routed('WEBSOCKET', 'a', 'a'))).to.contain('R1.Properties.RouteKey: a second route a');
      const apart = ['GET /{a}', 'POST /{b}', 'ANY /{c}', 'GET /{d+}', 'GET /{a}/{b}', 'GET /a'];
      expect(load(routed('HTTP', ...apart)).httpApi?.routes).to.have.length(apart.length);
      expect(load(routed('WEBSOCKET', '{a}', '{b}')).webSocketApi?.routes).to.have.length(2);
    });

    it('is never a well-formed key, and names of variables do not matter to what it matches', () => {
      const text = fc.stringMatching(/^[a-z0-9._-]{1,8}$/);
      const paths = fc.uniqueArray(text, { minLength: 1, maxLength: 6 }).chain((names) =>
        fc.record({
          names: fc.constant(names),
          variables: fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
          greedy: fc.boolean(),
        }),
      );
      const keyOf = (
        { names, variables, greedy }: { names: string[]; variables: boolean[]; greedy: boolean },
        x = '',
      ) =>
        `GET /${names
          .map((name, at) => {
            if (!variables[at]) return name;
            return `{${name}${x}${greedy && at === names.length - 1 ? '+' : ''}}`;
          })
          .join('/')}`;
      fc.assert(
        fc.property(paths, (path) => {
          expect(findKeyFault(keyOf(path), 'HTTP')).to.equal(undefined);
          expect(routeShape(keyOf(path))).to.equal(routeShape(keyOf(path, 'x')));
        }),
      );
    });
  });

  describe('of permissions', () => {
    const permission = (properties: Record<string, unknown>): Resource => ({
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: arnOf('App'), Action: 'lambda:InvokeFunction', Principal: '*', ...properties },
    });

    it('are those on functions, aliases and actions that do not exist', () => {
      const message = refusal({
        App: FUNCTION,
        Lost: permission({ FunctionName: 'elsewhere' }),
        Alias: permission({ FunctionName: 'shop-dev-app:live' }),
        Odd: permission({ Action: 'lambda:Invoke' }),
        Other: permission({ Action: 'dynamodb:GetItem' }),
      });
      expect(message).to.contain('Lost.Properties.FunctionName: elsewhere names no function of this stack');
      expect(message).to.contain('Alias.Properties.FunctionName: live is no version or alias of');
      expect(message).to.contain('Odd.Properties.Action: lambda:Invoke is no action on a function');
      expect(message).to.contain('Other.Properties.Action: dynamodb:GetItem is no action');
      expect(message).to.contain('has 4 things');
    });

    it('are not those on every action', () => {
      const { permissions } = load({ App: FUNCTION, All: permission({ Action: '*' }) });
      expect(permissions[0]).to.have.property('action', 'lambda:*');
    });
  });

  describe('of tables', () => {
    const table = (properties: Record<string, unknown>): Resource => ({
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        ...properties,
      },
    });
    const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };

    it('is a capacity that is missing, or that is there though requests are paid', () => {
      const message = refusal({
        None: table({}),
        Half: table({ BillingMode: 'PROVISIONED', ProvisionedThroughput: { ReadCapacityUnits: 1 } }),
        Both: table({ BillingMode: 'PAY_PER_REQUEST', ProvisionedThroughput: units }),
      });
      expect(message).to.contain('None.Properties.ProvisionedThroughput: is required unless BillingMode');
      expect(message).to.contain('Half.Properties.ProvisionedThroughput: needs ReadCapacityUnits and Write');
      expect(message).to.contain('Both.Properties.ProvisionedThroughput: cannot be given');
    });

    it('warns that a capacity throttles nothing here', () => {
      const { warnings = [] } = load({ Things: table({ ProvisionedThroughput: units }) });
      expect(warnings).to.deep.equal([
        'Things.Properties.ProvisionedThroughput: throttling at that capacity is not emulated',
      ]);
    });
  });

  describe('and what runs otherwise, is told', () => {
    const warningsOf = (properties: Record<string, unknown>) =>
      (load({ App: changed(FUNCTION, properties) }).warnings ?? []).join('\n');

    it('a role from elsewhere, by function and role', () => {
      expect(warningsOf({})).to.equal(
        'App.Properties.Role: the role arn:aws:iam::123456789012:role/shop is not of this template: here App may do everything, in AWS what it allows',
      );
      expect(warningsOf({ Role: { 'Fn::ImportValue': 'x' } })).to.contain(
        'the role known only when deployed is not of',
      );
    });

    it('more reserved concurrency than an account has (LA-06)', () => {
      const reserved = 'functions reserve 901 together; of an account';
      expect(warningsOf({ ReservedConcurrentExecutions: 901 })).to.contain(reserved);
      expect(warningsOf({ ReservedConcurrentExecutions: 900 })).to.not.contain('functions reserve');
    });

    it('dead letters (LA-05), networks and logs in JSON', () => {
      const lines = warningsOf({
        DeadLetterConfig: { TargetArn: { 'Fn::ImportValue': 'queue' } },
        VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: { 'Fn::ImportValue': 'groups' } },
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'WARN' },
      });
      for (const name of ['DeadLetterConfig', 'VpcConfig', 'LoggingConfig']) {
        expect(lines).to.contain(`App.Properties.${name}: `);
      }
      const nothing = { DeadLetterConfig: {}, VpcConfig: { SubnetIds: [] }, LoggingConfig: { LogFormat: 'Text' } };
      expect(warningsOf(nothing).split('\n')).to.have.length(1);
    });
  });
});
