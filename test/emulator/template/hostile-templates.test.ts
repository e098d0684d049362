import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import { loadStack } from '../../../emulator/template/load-stack.ts';
import { loadTemplateFile } from '../../../emulator/template/load-template-file.ts';
import { RESOURCE_TYPES } from '../../../emulator/template/resource-types.ts';
import { api, arnOf, changed, FUNCTION, makeFolder, removeFolders, uriOf } from './fixture.ts';

const inlined = changed(FUNCTION, { Code: { ZipFile: '' } });

/** Something of everything that is read. */
const RICH = {
  Parameters: { Stage: { Type: 'String', Default: 'dev' } },
  Mappings: { Sizes: { dev: { memory: 128 } } },
  Conditions: { IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] } },
  Resources: {
    ...api('HTTP', 'GET /'),
    Gate: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ...{ ApiId: { Ref: 'Api' }, Name: 'gate', AuthorizerType: 'REQUEST', AuthorizerUri: uriOf('App') },
        ...{ AuthorizerPayloadFormatVersion: '2.0', IdentitySource: ['$request.header.A'] },
        AuthorizerResultTtlInSeconds: 5,
      },
    },
    Guarded: changed(api('HTTP', 'POST /{id}').Route, { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Gate' } }),
    Domain: { Type: 'AWS::ApiGatewayV2::DomainName', Properties: { DomainName: 'a.example.com' } },
    Mapping: {
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      Properties: {
        ApiId: { Ref: 'Api' },
        DomainName: { Ref: 'Domain' },
        Stage: { Ref: 'Stage0' },
        ApiMappingKey: 'v1',
      },
    },
    Stage0: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: {
        ...{ ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true, StageVariables: { a: 'b' } },
        ...{
          DefaultRouteSettings: { ThrottlingRateLimit: 5 },
          RouteSettings: { 'GET /': { ThrottlingBurstLimit: 5 } },
        },
      },
    },
    App: changed(inlined, {
      Role: arnOf('Role'),
      MemorySize: { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] },
      Environment: { Variables: { URL: { 'Fn::If': ['IsDev', { 'Fn::GetAtt': 'Url.FunctionUrl' }, 'x'] } } },
      ReservedConcurrentExecutions: 1,
    }),
    Url: {
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: arnOf('App'), AuthType: 'NONE', Cors: { AllowOrigins: ['*'], MaxAge: 5 } },
    },
    Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'App' } } },
    Alias: {
      Type: 'AWS::Lambda::Alias',
      Properties: {
        FunctionName: { Ref: 'App' },
        FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
        Name: 'a',
      },
    },
    Permission: {
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName: arnOf('App'), Action: 'lambda:InvokeFunction', Principal: '*', SourceArn: 'arn:x' },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        },
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'],
        Policies: [
          { PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['dynamodb:*'], Resource: arnOf('Things') }] } },
        ],
      },
    },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        Roles: [{ Ref: 'Role' }],
        PolicyDocument: { Statement: { Effect: 'Deny', NotAction: 'a:b', NotResource: 'c' } },
      },
    },
    Things: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'i',
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' },
      },
    },
  },
};

function loadTemplate(template: unknown) {
  return loadStack({ template, stackName: 'x', region: 'us-east-1', artifacts: folder, cache: join(folder, 'cache') });
}

/** The message of the refusal; empty for what is accepted. Anything but an EmulatorError is a failure. */
function survive(template: unknown): string {
  try {
    loadTemplate(template);
    return '';
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error;
    return error.message;
  } finally {
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  }
}

let folder = '';

/** Resources `R0` to `R{count - 1}`, functions whose name is made by `nameOf` the index of the next. */
function chain(count: number, nameOf: (next: string) => unknown) {
  const links = Array.from({ length: count }, (_, index) => {
    const FunctionName = index === count - 1 ? 'end' : nameOf(`R${index + 1}`);
    return [`R${index}`, changed(inlined, { FunctionName })];
  });
  return { Resources: Object.fromEntries(links) };
}

/** `leaf` inside of `depth` objects or lists. */
function nested(depth: number, wrap: (inner: unknown) => unknown, leaf: unknown = 'x'): unknown {
  let value = leaf;
  for (let level = 0; level < depth; level++) value = wrap(value);
  return value;
}

describe('hostile templates', () => {
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(removeFolders);

  const names = fc.constantFrom(
    ...['Ref', 'Fn::Sub', 'Fn::GetAtt', 'Fn::Join', 'Fn::Split', 'Fn::Select', 'Fn::FindInMap', 'Fn::If', 'Fn::Base64'],
    ...['Fn::Equals', 'Fn::Not', 'Condition', 'Fn::ImportValue', 'Fn::Cidr', '__proto__', 'constructor', 'toString'],
    ...['valueOf', 'toJSON', 'length', 'a'],
  );
  const words = fc.constantFrom(
    ...['App', 'App.Arn', 'Stage', 'IsDev', 'AWS::NoValue', 'AWS::Region', '${App}', '${', '__proto__', 'constructor'],
    ...['toString', '', '{{resolve:x}}', '1', '-1', 'true', 'NONE', 'arn:aws:iam::aws:policy/toString', '\0', '\ud800'],
  );
  const numbers = fc.constantFrom(0, -1, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 53 + 1, 0.1, -0);
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      ...[words, numbers, fc.boolean(), fc.constant(null), fc.string()],
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.array(fc.tuple(names, tie('tree')), { maxLength: 3 }).map((entries) => {
        // As JSON.parse makes it: `__proto__` is a key like any other.
        const object = {};
        for (const [key, value] of entries) {
          Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
        }
        return object;
      }),
    ),
  }));

  it('of any shape are refused or accepted', () => {
    fc.assert(
      fc.property(tree, (template) => void survive(template)),
      { numRuns: 500 },
    );
  });

  it('with any properties of any resource are refused or accepted', () => {
    const resource = fc.record({
      Type: fc.constantFrom(...Object.keys(RESOURCE_TYPES)),
      Properties: tree,
      ...{ Condition: fc.option(words, { nil: undefined }), DependsOn: fc.option(tree, { nil: undefined }) },
    });
    const template = fc.record({
      ...{ Parameters: fc.option(tree, { nil: undefined }), Conditions: fc.option(tree, { nil: undefined }) },
      Resources: fc.dictionary(fc.constantFrom('App', 'Api', 'Role', 'Stage', 'Other'), resource, {
        noNullPrototype: true,
      }),
    });
    fc.assert(
      fc.property(template, (it) => void survive(it)),
      { numRuns: 1_000 },
    );
  });

  it('that were right until one value changed are refused or accepted', () => {
    expect(survive(RICH), 'the template itself').to.equal('');
    const places = placesIn(RICH);
    fc.assert(
      fc.property(fc.nat(places.length - 1), tree, (index, value) => {
        survive(replaced(RICH, places[index] ?? [], value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that go deeper than anyone writes are refused', () => {
    expect(survive(nested(100_000, (inner) => [inner]))).to.contain('nested more than 100 deep');
    const Environment = nested(200, (a) => ({ a }));
    expect(survive({ Resources: { App: changed(inlined, { Environment }) } })).to.contain('nested more than 100 deep');
    const text = `{"Resources":${'{"A":'.repeat(20_000)}1${'}'.repeat(20_000)}}`;
    writeFileSync(join(folder, 'deep.json'), text);
    expect(() => loadTemplateFile(join(folder, 'deep.json'), { cache: folder })).to.throw(EmulatorError);
    const Conditions = { C: nested(90, (inner) => ({ 'Fn::Not': [inner] }), { 'Fn::Equals': ['a', 'a'] }) };
    expect(survive({ Conditions, Resources: { App: { ...inlined, Condition: 'C' } } })).to.contain('nested more than');
  });

  it('that contain themselves, or what is not JSON, are refused', () => {
    const loop: Record<string, unknown> = { Resources: {} };
    loop.Metadata = loop;
    expect(survive(loop)).to.contain('nested more than 100 deep');
    expect(survive({ Resources: {}, Metadata: 1n })).to.contain('holds a bigint');
    expect(survive({ Resources: {}, Metadata: [() => 1] })).to.contain('holds a function');
    expect(survive(JSON.parse('{"Resources": {"__proto__": {"polluted": 1}}}'))).to.contain('a key named __proto__');
  });

  it('whose resources refer to each other in long chains, or in circles, end', () => {
    const long = chain(400, (next) => ({ 'Fn::Sub': `\${${next}}` }));
    expect(survive(long)).to.contain('more than 300 deep');
    const circle = chain(3, (next) => ({ Ref: next }));
    const Resources = { ...circle.Resources, R2: changed(inlined, { FunctionName: { Ref: 'R0' } }) };
    expect(survive({ Resources })).to.contain('refers to itself');
  });

  it('that multiply, by names, by conditions or by text, end soon', () => {
    const tenfold = (next: string) => ({ 'Fn::Join': ['', Array.from({ length: 10 }, () => ({ Ref: next }))] });
    expect(survive(chain(40, tenfold)), 'names').to.contain('its name or ARN is too long');
    expect(survive(chain(40, () => tenfold('Nowhere'))), 'faults').to.contain('Ref Nowhere names no');

    const count = 60;
    const both = (next: number) => ({ 'Fn::And': [{ Condition: `C${next}` }, { Condition: `C${next}` }] });
    const links = Array.from({ length: count }, (_, index) => [`C${index}`, both(index + 1)]);
    const Conditions = { ...Object.fromEntries(links), [`C${count}`]: { 'Fn::Equals': ['a', 'a'] } };
    expect(survive({ Conditions, Resources: { App: { ...inlined, Condition: 'C0' } } })).to.equal('');

    const Mappings = { Big: { a: { b: 'x'.repeat(400_000) } } };
    const Variables = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [
        `V${index}`,
        { 'Fn::Join': ['', [{ 'Fn::FindInMap': ['Big', 'a', 'b'] }]] },
      ]),
    );
    const big = { Mappings, Resources: { App: changed(inlined, { Environment: { Variables } }) } };
    expect(survive(big), 'text').to.contain('make more text of this template than fits anywhere').and.contain('more\n');
  });

  it('with text that a pattern could choke on are read soon', () => {
    const texts = [
      '${'.repeat(300_000),
      `arn:aws:apigateway:x${':lambda:path/2015-03-31/functions/'.repeat(20_000)}`,
      `${'a.'.repeat(200_000)}-`,
      '/'.repeat(300_000),
      `GET /${' '.repeat(300_000)}`,
    ];
    const properties = [
      'RouteKey',
      'Target',
      'IntegrationUri',
      'StageName',
      'FunctionName',
      'DomainName',
      'ApiMappingKey',
    ];
    for (const text of texts) {
      for (const property of properties) {
        const Resources = Object.fromEntries(
          Object.entries(RICH.Resources).map(([name, it]) => {
            const has = Object.hasOwn(it.Properties ?? {}, property);
            return [name, has ? changed(it, { [property]: { 'Fn::Sub': text } }) : it];
          }),
        );
        expect(survive({ ...RICH, Resources })).to.not.equal('');
      }
    }
  });

  it('show a hundred faults of many', () => {
    const Variables = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`V${index}`, { Ref: `No${index}` }]),
    );
    const message = survive({ Resources: { App: changed(inlined, { Environment: { Variables } }) } });
    expect(message).to.contain('has 300 things').and.contain('… and 200 more');
  });
});

type Path = readonly (string | number)[];

function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  Object.assign(copy as object, { [key]: replaced((value as Record<string, unknown>)[key], rest, by) });
  return copy;
}
