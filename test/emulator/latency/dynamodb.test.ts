import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import type { Step } from '../../../emulator/latency/steps.ts';
import { databases, THINGS } from '../dynamodb/fixture.ts';
import { createHandLatency } from './hand-latency.ts';

const TableName = THINGS.name;
const id = { S: 'a' };
const Key = { id };
const ANYBODY = { accessKeyId: 'any', secretAccessKey: 'any' };

const CALLS: Partial<Record<Step, (client: DynamoDBClient) => Promise<unknown>>> = {
  putItem: (client) => client.send(new PutItemCommand({ TableName, Item: { id } })),
  getItem: (client) => client.send(new GetItemCommand({ TableName, Key })),
  updateItem: (client) =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: 'SET colour = :c',
        ExpressionAttributeValues: { ':c': { S: 'red' } },
      }),
    ),
  query: (client) =>
    client.send(
      new QueryCommand({ TableName, KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': id } }),
    ),
  indexQuery: (client) =>
    client.send(
      new QueryCommand({
        TableName,
        IndexName: 'by-colour',
        KeyConditionExpression: 'colour = :c',
        ExpressionAttributeValues: { ':c': { S: 'red' } },
      }),
    ),
  scan: (client) => client.send(new ScanCommand({ TableName })),
  batch: (client) =>
    client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest: { Item: { id } } }] } })),
  transaction: (client) =>
    // The embedded database refuses it, when its time is over.
    client
      .send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: { id } } }] }))
      .catch(() => {}),
  deleteItem: (client) => client.send(new DeleteItemCommand({ TableName, Key })),
};

describe('delays of the database', () => {
  const start = databases();

  it('are each operation’s own, and none for the making of tables', async () => {
    const latency = createHandLatency();
    const client = (await start({ latency })).client(ANYBODY);
    for (const [step, call] of Object.entries(CALLS)) {
      const calling = call(client);
      await latency.pass(step as Step);
      await calling;
    }

    await client.send(new DescribeTableCommand({ TableName }));
    expect(latency.waited()).to.deep.equal([]);
  });

  it('end before an operation is carried out', async () => {
    const latency = createHandLatency();
    const client = (await start({ latency })).client(ANYBODY);
    const writing = CALLS.putItem?.(client);
    const reading = client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    await latency.pass('getItem');
    expect((await reading).Item).to.equal(undefined);

    await latency.pass('putItem');
    await writing;
    const again = client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    await latency.pass('getItem');
    expect((await again).Item).to.deep.equal({ id });
  });
});
