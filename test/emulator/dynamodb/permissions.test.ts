import { crc32 } from 'node:zlib';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import undici from 'undici';
import { callOf } from '../../../emulator/dynamodb/database.ts';
import { requiredPermissions } from '../../../emulator/dynamodb/required-permissions.ts';
import { DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import type { PolicyStatement } from '../../../emulator/stack/stack.ts';
import { databases, functionWith, rejection, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const ARN = `arn:aws:dynamodb:us-east-1:123456789012:table/${TableName}`;
const allow = (actions: string[], ...resources: string[]): PolicyStatement => ({ effect: 'Allow', actions, resources });
const Item = { id: { S: 'a' }, colour: { S: 'blue' } };

describe('permissions of the database', () => {
  const start = databases();

  it('are those of the function’s role, and refused in AWS’s words', async () => {
    const reader = functionWith('reader', [allow(['dynamodb:GetItem', 'dynamodb:Query'], ARN)]);
    const database = await start({ functions: [reader] });
    const client = database.clientOf(reader);
    await client.send(new GetItemCommand({ TableName, Key: { id: { S: 'a' } } }));
    const error = await rejection(client.send(new PutItemCommand({ TableName, Item })));
    expect(error.name).to.equal('AccessDeniedException');
    expect(error.message).to.equal(
      'User: arn:aws:sts::123456789012:assumed-role/reader-role/reader is not authorized to perform: dynamodb:PutItem ' +
        `on resource: ${ARN} because no identity-based policy allows the dynamodb:PutItem action`,
    );
    expect(error.$metadata).to.deep.include({ httpStatusCode: 400 });
    expect(database.log.map(({ message }) => message)).to.include(
      `AccessDeniedException for reader: its role does not allow dynamodb:PutItem on ${ARN}`,
    );
    // An index is a resource of its own.
    const query = {
      TableName,
      IndexName: 'by-colour',
      KeyConditionExpression: 'colour = :c',
      ExpressionAttributeValues: { ':c': { S: 'blue' } },
    };
    expect((await rejection(client.send(new QueryCommand(query)))).message).to.include(
      `resource: ${ARN}/index/by-colour because`,
    );
    expect((await rejection(client.send(new ListTablesCommand({})))).message).to.include('table/* because');
  });

  it('are asked of each table and part of a call', async () => {
    const writer = functionWith('writer', [allow(['dynamodb:PutItem', 'dynamodb:BatchGetItem'], ARN)]);
    const client = (await start({ functions: [writer] })).clientOf(writer);
    await client.send(new PutItemCommand({ TableName, Item }));
    const Keys = [{ id: { S: 'a' } }];
    await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));
    const two = { [TableName]: { Keys }, other: { Keys } };
    expect((await rejection(client.send(new BatchGetItemCommand({ RequestItems: two })))).message).to.include(
      'table/other because',
    );
    const write = { RequestItems: { [TableName]: [{ PutRequest: { Item } }] } };
    expect((await rejection(client.send(new BatchWriteItemCommand(write)))).message).to.include(
      'dynamodb:BatchWriteItem',
    );
    const transaction = (action: string) => [{ [action]: { TableName, Key: { id: { S: 'a' } } } }];
    const TransactItems = transaction('Delete');
    expect((await rejection(client.send(new TransactWriteItemsCommand({ TransactItems })))).message).to.include(
      'dynamodb:DeleteItem on',
    );
  });

  it('of every kind of call', () => {
    const caller = 'arn:aws-cn:sts::111122223333:assumed-role/r/f';
    const table = (name: string) => `arn:aws-cn:dynamodb:cn-north-1:111122223333:table/${name}`;
    const asked = (operation: string, input: object) =>
      requiredPermissions(callOf(operation, { ...input }), caller, 'cn-north-1').map(
        ({ action, resource }) => `${action} ${resource}`,
      );
    expect(asked('UpdateItem', { TableName: 'a' })).to.deep.equal([`dynamodb:UpdateItem ${table('a')}`]);
    expect(asked('Scan', { TableName: 'a', IndexName: 'i' })).to.deep.equal([`dynamodb:Scan ${table('a')}/index/i`]);
    expect(asked('GetItem', { TableName: table('b') })).to.deep.equal([`dynamodb:GetItem ${table('b')}`]);
    expect(
      asked('TransactWriteItems', {
        TransactItems: ['Put', 'Update', 'Delete', 'ConditionCheck'].map((kind) => ({ [kind]: { TableName: kind } })),
      }),
    ).to.deep.equal([
      `dynamodb:PutItem ${table('Put')}`,
      `dynamodb:UpdateItem ${table('Update')}`,
      `dynamodb:DeleteItem ${table('Delete')}`,
      `dynamodb:ConditionCheckItem ${table('ConditionCheck')}`,
    ]);
    expect(asked('TransactGetItems', { TransactItems: [{ Get: { TableName: 'a' } }] })).to.deep.equal([
      `dynamodb:GetItem ${table('a')}`,
    ]);
    expect(asked('ExecuteStatement', { Statement: 'select * from "a"."i" where x=1' })).to.deep.equal([
      `dynamodb:PartiQLSelect ${table('a')}/index/i`,
    ]);
    expect(
      asked('BatchExecuteStatement', {
        Statements: [{ Statement: 'INSERT INTO a value {}' }, { Statement: 'gibberish' }],
      }),
    ).to.deep.equal([`dynamodb:PartiQLInsert ${table('a')}`, `dynamodb:PartiQLGibberish ${table('*')}`]);
  });

  it('are asked of what a call is about, not of what only looks like it', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/r/f';
    const asked = (operation: string, input: object) =>
      requiredPermissions(callOf(operation, { ...input }), arn, 'us-east-1').map(({ action, resource }) =>
        [action, resource.replace(/^.*:table/, 'table')].join(' '),
      );
    for (const Statement of [
      'SELECT "x from allowed", v FROM "secret"',
      "SELECT 'from allowed' FROM secret",
      'SELECT /* from allowed */ * FROM "secret"',
      'SELECT * -- from allowed\n FROM "secret"',
      '/* insert */ SELECT * FROM"secret"',
      "SELECT * FROM secret WHERE x = 'it''s from allowed'",
    ]) {
      expect(asked('ExecuteStatement', { Statement }), Statement).to.deep.equal([
        'dynamodb:PartiQLSelect table/secret',
      ]);
    }
    const tagged = { TableName: 'allowed', ResourceArn: ARN.replace(TableName, 'secret') };
    for (const operation of ['TagResource', 'UntagResource']) {
      expect(asked(operation, tagged)).to.deep.equal([`dynamodb:${operation} table/secret`]);
    }
    expect(asked('ListTagsOfResource', tagged)).to.deep.equal(['dynamodb:ListTagsOfResource table/secret']);
  });

  it('are not asked of roles that the template only names, of the developer, or where nobody has credentials', async () => {
    const named = functionWith('named');
    const database = await start({ functions: [named] });
    await database.clientOf(named).send(new ScanCommand({ TableName }));
    await database.client(DEVELOPER_CREDENTIALS).send(new DescribeTableCommand({ TableName }));
    const open = await start();
    await open.client({ accessKeyId: 'any', secretAccessKey: 'any' }).send(new ScanCommand({ TableName }));
  });

  it('are for callers who can be told: other keys are refused, and the log has a cure', async () => {
    const database = await start({ functions: [] });
    const scan = () => new ScanCommand({ TableName });
    const unknown = await rejection(database.client({ accessKeyId: 'local', secretAccessKey: 'local' }).send(scan()));
    expect(unknown.name).to.equal('UnrecognizedClientException');
    expect(unknown.message).to.equal('The security token included in the request is invalid.');
    const [line] = database.log.filter(({ level }) => level === 'warn');
    expect(line?.message)
      .to.include('Scan by key local refused')
      .and.to.include(`AWS_ACCESS_KEY_ID=${DEVELOPER_CREDENTIALS.accessKeyId}`);
    const wrong = await rejection(database.client({ ...DEVELOPER_CREDENTIALS, secretAccessKey: 'wrong' }).send(scan()));
    expect(wrong.name).to.equal('InvalidSignatureException');
    const abroad = await rejection(database.client(DEVELOPER_CREDENTIALS, { region: 'eu-west-1' }).send(scan()));
    expect(abroad.message).to.include("Credential should be scoped to a valid region, not 'eu-west-1'");
    const answer = await undici.request(database.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.Scan' },
      body: JSON.stringify({ TableName }),
    });
    const text = await answer.body.text();
    expect(JSON.parse(text)).to.deep.equal({
      __type: 'com.amazon.coral.service#MissingAuthenticationTokenException',
      message: 'Request is missing Authentication Token',
    });
    expect(answer.headers['x-amz-crc32']).to.equal(String(crc32(text)));
    expect(answer.headers['x-amzn-requestid']).to.match(/^[A-Z0-9]{52}$/);
  });
});
