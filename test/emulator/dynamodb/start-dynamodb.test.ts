import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import undici from 'undici';
import { deleteExpired } from '../../../emulator/dynamodb/expiry.ts';
import { createRemoteDatabase } from '../../../emulator/dynamodb/remote-database.ts';
import { type DynamoDb, startDynamoDb } from '../../../emulator/dynamodb/start-dynamodb.ts';
import { systemClock } from '../../../emulator/stack/clock.ts';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import type { Table } from '../../../emulator/stack/stack.ts';

const TABLE: Table = {
  logicalId: 'Things',
  name: 'shop-dev-things',
  keySchema: [
    { name: 'id', type: 'HASH' },
    { name: 'part', type: 'RANGE' },
  ],
  attributes: [
    { name: 'id', type: 'S' },
    { name: 'part', type: 'N' },
    { name: 'colour', type: 'S' },
  ],
  indexes: [
    {
      name: 'by-colour',
      keySchema: [{ name: 'colour', type: 'HASH' }],
      projection: 'INCLUDE',
      nonKeyAttributes: ['x'],
    },
  ],
  ttlAttribute: 'expiresAt',
};

const clock = systemClock;

describe('startDynamoDb', () => {
  const leftovers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of leftovers.splice(0).reverse()) await each.stop();
  });

  async function start(database = 'embedded', port = 0, ttlDelayMs?: number): Promise<DynamoDb> {
    const options = { database, port, region: 'us-east-1', tables: [TABLE], clock, log: () => {} };
    const started = await startDynamoDb({ ...options, ...(ttlDelayMs !== undefined && { ttlDelayMs }) });
    leftovers.push(started);
    return started;
  }

  function clientOf({ url }: DynamoDb): DynamoDBClient {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
    leftovers.push({ stop: async () => client.destroy() });
    return client;
  }

  it('refuses web pages, whatever they sign with', async () => {
    const { url } = await start();
    const answer = await undici.request(url, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
      body: '{}',
    });
    expect(answer.statusCode).to.equal(403);
    expect(answer.headers).to.not.have.property('access-control-allow-origin');
    const preflight = await undici.request(url, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
    expect(preflight.statusCode).to.equal(403);
  });

  it('keeps items past their time to live for as long as it is told, and for ever by default (DD-03)', async () => {
    for (const { delayMs, left } of [{ left: ['1', '2', '3'] }, { delayMs: 60_000, left: ['2', '3'] }]) {
      const database = await start('embedded', 0, delayMs);
      const client = clientOf(database);
      const now = Math.floor(clock.now() / 1_000);
      for (const [part, expiresAt] of [
        ['1', now - 61],
        ['2', now - 59],
      ] as const) {
        const Item = { id: { S: 'a' }, part: { N: part }, expiresAt: { N: String(expiresAt) } };
        await client.send(new PutItemCommand({ TableName: TABLE.name, Item }));
      }
      await client.send(new PutItemCommand({ TableName: TABLE.name, Item: { id: { S: 'a' }, part: { N: '3' } } }));
      if (delayMs !== undefined) {
        const remote = createRemoteDatabase(database.url, 'us-east-1');
        leftovers.push({ stop: async () => remote.close() });
        await deleteExpired({ database: remote.call, tables: [TABLE], delayMs, clock });
      }
      const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE.name }));
      expect(Items.map(({ part }) => part?.N).sort()).to.deep.equal(left);
    }
  });

  it('has the tables, with keys, index and billing on demand', async () => {
    const client = clientOf(await start());
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: TABLE.name }));
    expect(table?.TableStatus).to.equal('ACTIVE');
    const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName: TABLE.name }));
    expect(ttl).to.deep.equal({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
    expect(table?.BillingModeSummary?.BillingMode).to.equal('PAY_PER_REQUEST');
    expect(table?.KeySchema).to.deep.equal([
      { AttributeName: 'id', KeyType: 'HASH' },
      { AttributeName: 'part', KeyType: 'RANGE' },
    ]);
    expect(table?.GlobalSecondaryIndexes?.[0]).to.deep.include({
      IndexName: 'by-colour',
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['x'] },
    });
  });

  it('keeps what is in a table that exists already, and finds it by the index', async () => {
    const first = await start();
    const client = clientOf(first);
    const Item = { id: { S: 'a' }, part: { N: '1' }, colour: { S: 'blue' }, x: { S: 'y' } };
    await client.send(new PutItemCommand({ TableName: TABLE.name, Item }));

    const second = await start(first.url);
    expect(second.url, 'a front of its own').to.not.equal(first.url);
    const throughSecond = clientOf(second);
    const Key = { id: { S: 'a' }, part: { N: '1' } };
    expect((await throughSecond.send(new GetItemCommand({ TableName: TABLE.name, Key }))).Item).to.deep.equal(Item);
    const found = await throughSecond.send(
      new QueryCommand({
        TableName: TABLE.name,
        IndexName: 'by-colour',
        KeyConditionExpression: 'colour = :c',
        ExpressionAttributeValues: { ':c': { S: 'blue' } },
      }),
    );
    expect(found.Items).to.deep.equal([Item]);
  });

  it('does not end a database that it did not start', async () => {
    const embedded = await start();
    const given = await start(embedded.url);
    await given.stop();
    const { Table: table } = await clientOf(embedded).send(new DescribeTableCommand({ TableName: TABLE.name }));
    expect(table?.TableName).to.equal(TABLE.name);
  });

  it('says where it looked when no database answers', async () => {
    const gone = await start();
    await gone.stop();
    const error = await start(gone.url).catch((reason) => reason);
    expect(error).to.be.instanceOf(EmulatorError).with.property('code', 'DATABASE_UNREACHABLE');
    expect(error.message).to.contain(`No DynamoDB answers at ${gone.url}`);
  });

  it('lets the error of a taken port through', async () => {
    const port = Number(new URL((await start()).url).port);
    expect(await start('embedded', port).catch((reason) => reason)).to.deep.include({ code: 'EADDRINUSE', port });
  });
});
