import { expect } from 'chai';
import type { Role } from '../../../emulator/stack/stack.ts';
import { arnOf, changed, FUNCTION, load, type Resource, type Resources, refusal, removeFolders } from './fixture.ts';

const TRUST = {
  Statement: [{ Effect: 'Allow', Principal: { Service: ['lambda.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
};

const TABLE: Resource = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    BillingMode: 'PAY_PER_REQUEST',
    TableName: 'things',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
  },
};
const TABLE_ARN = 'arn:aws:dynamodb:eu-central-1:123456789012:table/things';

const role = (properties: Record<string, unknown> = {}): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName: 'shop', AssumeRolePolicyDocument: TRUST, ...properties },
});
const inline = (...Statement: unknown[]) => [{ PolicyName: 'p', PolicyDocument: { Version: '2012-10-17', Statement } }];
const allow = (Action: unknown, Resource: unknown = '*') => ({ Effect: 'Allow', Action, Resource });
const App = changed(FUNCTION, { Role: arnOf('Shop') });

function roleOf(resources: Resources): Role | undefined {
  return load({ App, ...resources }).functions[0]?.role;
}

/** What is refused of a role with these statements. */
const refusalOf = (...statements: unknown[]) => refusal({ App, Shop: role({ Policies: inline(...statements) }) });

describe('roles', () => {
  afterEach(removeFolders);

  it('know nothing of one that the template only names', () => {
    const arn = 'arn:aws:iam::123456789012:role/shared/deep';
    const named = (Role: unknown) => load({ App: changed(FUNCTION, { Role }) }).functions[0]?.role;
    expect(named(arn)).to.deep.equal({ arn });
    const imported = named({ 'Fn::ImportValue': 'shared-role' });
    expect(imported?.arn).to.match(/^arn:aws:iam::123456789012:role\/[\w-]+$/);
    expect(imported).to.not.have.property('statements');
    expect(named({ 'Fn::Sub': ['${r}', { r: '{{resolve:ssm:/role}}' }] })).to.not.have.property('statements');
  });

  it('must be an ARN, of a role that Lambda may assume', () => {
    const message = refusal({ App: changed(FUNCTION, { Role: { Ref: 'Shop' } }), Shop: role() });
    expect(message).to.contain('App.Properties.Role: must be the ARN of a role');
    const Service = 'ec2.amazonaws.com';
    const trust = { Statement: { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' } };
    expect(refusal({ App, Shop: role({ AssumeRolePolicyDocument: trust }) })).to.contain(
      'Shop.Properties.AssumeRolePolicyDocument: must let lambda.amazonaws.com assume the role',
    );
  });

  it('read inline policies, values resolved', () => {
    const streams = { Effect: 'Deny', Action: 'dynamodb:*', Resource: { 'Fn::GetAtt': ['Things', 'StreamArn'] } };
    const indexes = { 'Fn::Join': ['/', [arnOf('Things'), 'index', '*']] };
    const table = allow(['dynamodb:PutItem', 'dynamodb:Query'], [arnOf('Things'), indexes]);
    const found = roleOf({ Things: TABLE, Shop: role({ Path: '/app/', Policies: inline(table, streams) }) });
    expect(found).to.deep.equal({
      arn: 'arn:aws:iam::123456789012:role/app/shop',
      statements: [
        {
          effect: 'Allow',
          actions: ['dynamodb:PutItem', 'dynamodb:Query'],
          resources: [TABLE_ARN, `${TABLE_ARN}/index/*`],
        },
        { effect: 'Deny', actions: ['dynamodb:*'], resources: [`${TABLE_ARN}/stream/2026-01-01T00:00:00.000`] },
      ],
    });
  });

  it('read NotAction and NotResource', () => {
    const negated = { Effect: 'Allow', NotAction: 'iam:*', NotResource: [TABLE_ARN] };
    expect(roleOf({ Shop: role({ Policies: inline(negated) }) })?.statements).to.deep.equal([
      { effect: 'Allow', actions: [], notActions: ['iam:*'], resources: [], notResources: [TABLE_ARN] },
    ]);
  });

  it('read policies that are attached to them, each once', () => {
    const policy = (Type: string, action: string, properties: Record<string, unknown>) => ({
      Type,
      Properties: { PolicyName: action, PolicyDocument: { Statement: allow(`dynamodb:${action}`) }, ...properties },
    });
    const Roles = [{ Ref: 'Shop' }];
    const found = roleOf({
      Shop: role({
        Policies: inline(allow('dynamodb:A')),
        ManagedPolicyArns: [{ Ref: 'ByBoth' }, { Ref: 'ByArn' }, 'arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess'],
      }),
      Attached: policy('AWS::IAM::Policy', 'B', { Roles }),
      Other: policy('AWS::IAM::Policy', 'X', { Roles: ['somebody-else'] }),
      ByBoth: policy('AWS::IAM::ManagedPolicy', 'C', { Roles, PolicyName: undefined }),
      ByArn: policy('AWS::IAM::ManagedPolicy', 'D', { PolicyName: undefined }),
      Single: policy('AWS::IAM::RolePolicy', 'E', { RoleName: 'shop' }),
    });
    expect(found?.statements?.flatMap(({ actions }) => actions)).to.have.members(
      ['A', 'B', 'C', 'D', 'E', '*'].map((action) => `dynamodb:${action}`),
    );
  });

  it('know the policies that AWS manages, and refuse those nobody here knows', () => {
    const managed = (...names: string[]) =>
      role({
        ManagedPolicyArns: names.map((name) => ({ 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/${name}` })),
      });
    const basic = ['AWSLambdaBasicExecutionRole', 'AWSLambdaVPCAccessExecutionRole'].map((it) => `service-role/${it}`);
    expect(roleOf({ Shop: managed(...basic) })?.statements).to.deep.equal([]);
    expect(roleOf({ Shop: managed('AmazonAPIGatewayInvokeFullAccess') })?.statements?.[0]?.actions).to.include(
      'execute-api:ManageConnections',
    );
    expect(roleOf({ Shop: managed('AdministratorAccess') })?.statements?.[0]?.actions).to.deep.equal(['*']);
    for (const name of ['ReadOnlyAccess', 'constructor', '__proto__']) {
      expect(refusal({ App, Shop: managed(name) })).to.contain(
        `Shop.Properties.ManagedPolicyArns[0]: nobody here knows what it allows: arn:aws:iam::aws:policy/${name}`,
      );
    }
  });

  it('refuse conditions, boundaries, variables and what else would change what they allow', () => {
    const condition = { StringEquals: { 'dynamodb:LeadingKeys': 'a' } };
    expect(refusalOf({ ...allow('dynamodb:*'), Condition: condition })).to.contain(
      'Shop.Properties.Policies[0].PolicyDocument.Statement[0].Condition: the emulator does not evaluate conditions',
    );
    expect(refusalOf(allow('*', 'arn:aws:dynamodb:*:*:table/${aws:username}'))).to.contain(
      'Statement[0].Resource: policy variables are not supported',
    );
    expect(refusalOf({ ...allow('*'), Effect: 'Maybe' })).to.contain('Statement[0].Effect: must be Allow or Deny');
    expect(refusalOf({ ...allow('*'), Principal: '*' })).to.contain('Statement[0].Principal: is no part of');
    expect(refusalOf({ Effect: 'Allow', Action: '*' })).to.contain('needs either Resource or NotResource');
    expect(refusalOf({ ...allow('*'), NotAction: 'a:b' })).to.contain('needs either Action or NotAction');
    expect(refusalOf(allow('*', []))).to.contain('Statement[0].Resource: must be a string or a list of strings');
    expect(refusalOf({ ...allow('dynamodb:*', { 'Fn::ImportValue': 'x' }), Effect: 'Deny' })).to.contain(
      'Statement[0].Resource: the resources are known only when deployed',
    );
    expect(refusal({ App, Shop: role({ PermissionsBoundary: 'arn:x' }) })).to.contain(
      'Shop.Properties.PermissionsBoundary: the emulator does not support it',
    );
  });

  it('leave out what is about services in which nobody asks, whatever it says', () => {
    const decrypt = { ...allow('kms:Decrypt', { 'Fn::ImportValue': 'key' }), Condition: { StringEquals: {} } };
    const logs = { ...allow(['logs:*', 's3:Get*']), Sid: 'Logs' };
    expect(roleOf({ Shop: role({ Policies: inline(decrypt, logs) }) })?.statements).to.deep.equal([]);
  });

  it("allow nothing on another stack's resources", () => {
    const statement = allow('dynamodb:GetItem', [{ 'Fn::ImportValue': 'other-table' }, arnOf('Things')]);
    const found = roleOf({ Things: TABLE, Shop: role({ Policies: inline(statement) }) });
    expect(found?.statements?.map(({ resources }) => resources)).to.deep.equal([[TABLE_ARN]]);
  });

  it('of nobody here are not looked at', () => {
    const Deployer = role({ PermissionsBoundary: 'arn:x', RoleName: 'deployer' });
    expect(load({ App: FUNCTION, Deployer }).functions).to.have.length(1);
  });
});
