import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { callOf } from '../../../emulator/dynamodb/database.ts';
import { askingForUnits, readUnits } from '../../../emulator/dynamodb/metered-answer.ts';
import { DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import { type Metering, NO_METERING, type TableUnits } from '../../../emulator/meter/metering.ts';
import { databases, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const key = (id: string) => ({ id: { S: id } });
const item = (id: string, bytes: number, colour?: string) => ({
  ...key(id),
  text: { S: 'x'.repeat(bytes - `id${id}text${colour === undefined ? '' : `colour${colour}`}`.length) },
  ...(colour !== undefined && { colour: { S: colour } }),
});

describe('what database calls consume', () => {
  const start = databases();

  async function startMetered() {
    const told: TableUnits[] = [];
    const metering: Metering = { ...NO_METERING, tableCallBegins: () => (units) => told.push(units) };
    const database = await start({ metering });
    const client = database.client(DEVELOPER_CREDENTIALS);
    /** What one call consumed: read and write units. */
    async function consumed(call: (client: DynamoDBClient) => Promise<unknown>): Promise<[number, number]> {
      told.length = 0;
      await call(client);
      expect(told).to.have.length(1);
      return [told[0]?.read ?? Number.NaN, told[0]?.write ?? Number.NaN];
    }
    return { client, consumed };
  }

  it('is told of every operation, with what indexes add, failed conditions and reads that find nothing', async () => {
    const { consumed } = await startMetered();
    const put = (Item: ReturnType<typeof item>, more = {}) =>
      consumed((client) => client.send(new PutItemCommand({ TableName, Item, ...more })));
    const get = (id: string, ConsistentRead: boolean) =>
      consumed((client) => client.send(new GetItemCommand({ TableName, Key: key(id), ConsistentRead })));

    expect(await put(item('a', 1_024))).to.deep.equal([0, 1]);
    expect(await put(item('a', 1_025))).to.deep.equal([0, 2]);
    expect(await put(item('a', 20)), 'the larger one is gone').to.deep.equal([0, 2]);
    expect(await put(item('c', 1_100, 'red')), 'and its entry in the index').to.deep.equal([0, 4]);
    expect(await get('a', false)).to.deep.equal([0.5, 0]);
    expect(await get('a', true)).to.deep.equal([1, 0]);
    expect(await get('none', true)).to.deep.equal([1, 0]);
    const failing = { ConditionExpression: 'attribute_not_exists(id)' };
    expect(
      await consumed((client) =>
        client.send(new PutItemCommand({ TableName, Item: item('a', 1_500), ...failing })).catch(() => {}),
      ),
    ).to.deep.equal([0, 2]);
    expect(
      await consumed((client) =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: key('a'),
            UpdateExpression: 'SET colour = :c',
            ExpressionAttributeValues: { ':c': { S: 'blue' } },
          }),
        ),
      ),
    ).to.deep.equal([0, 2]);
    const query = {
      TableName,
      IndexName: 'by-colour',
      KeyConditionExpression: 'colour = :c',
      ExpressionAttributeValues: { ':c': { S: 'grey' } },
    };
    expect(await consumed((client) => client.send(new QueryCommand(query)))).to.deep.equal([0.5, 0]);
    expect(await consumed((client) => client.send(new DeleteItemCommand({ TableName, Key: key('c') })))).to.deep.equal([
      0, 4,
    ]);
  });

  it('adds up batches', async () => {
    const { consumed } = await startMetered();
    const writes = [1, 2].map((n) => ({ PutRequest: { Item: item(`b${n}`, n * 1_000) } }));
    const RequestItems = { [TableName]: writes };
    expect(await consumed((client) => client.send(new BatchWriteItemCommand({ RequestItems })))).to.deep.equal([0, 3]);
    const Keys = [key('b1'), key('b2'), key('none')];
    expect(
      await consumed((client) =>
        client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } })),
      ),
    ).to.deep.equal([3, 0]);
  });

  it('is kept from callers that did not ask for it, and given to those that did', async () => {
    const { client } = await startMetered();
    const told = async (asked: 'NONE' | 'TOTAL' | 'INDEXES' | undefined) => {
      const answer = await client.send(
        new PutItemCommand({
          TableName,
          Item: item('a', 100, `${asked}`),
          ReturnValues: 'ALL_OLD',
          ...(asked && { ReturnConsumedCapacity: asked }),
        }),
      );
      return answer.ConsumedCapacity;
    };
    expect(await told(undefined)).to.equal(undefined);
    expect(await told('NONE')).to.equal(undefined);
    expect(await told('TOTAL')).to.include({ CapacityUnits: 3, TableName });
    expect((await told('INDEXES'))?.GlobalSecondaryIndexes).to.have.key('by-colour');
  });

  it('is cut out of an answer without harm to the items beside it', () => {
    const call = callOf('Query', { TableName });
    const capacity = { TableName, CapacityUnits: 1.5 };
    for (const body of [
      { Items: [], Count: 0, ConsumedCapacity: capacity },
      { ConsumedCapacity: capacity, Items: [] },
      { ConsumedCapacity: capacity },
      { ConsumedCapacity: [capacity, capacity], Responses: {} },
      { Items: [{ ConsumedCapacity: { S: 'mine' } }], ConsumedCapacity: capacity },
      { Items: [{ a: { S: '"ConsumedCapacity":{"CapacityUnits":9}' } }], ConsumedCapacity: capacity },
      { ConsumedCapacity: { ...capacity, Table: { CapacityUnits: 1.5 } }, Items: [] },
    ] as { ConsumedCapacity: unknown }[]) {
      const { units, answer } = readUnits(call, { status: 200, text: JSON.stringify(body) });
      const { ConsumedCapacity, ...rest } = body;
      expect(JSON.parse(answer.text), JSON.stringify(body)).to.deep.equal(rest);
      expect(units.read).to.equal(Array.isArray(ConsumedCapacity) ? 3 : 1.5);
    }
  });

  it('is asked for without a second reading of the text, and of nothing that cannot tell', () => {
    expect(askingForUnits(callOf('PutItem', { a: 1 })).text).to.equal('{"a":1,"ReturnConsumedCapacity":"TOTAL"}');
    expect(askingForUnits({ operation: 'Scan', input: {}, text: ' { } ' }).text.trim()).to.equal(
      '{ "ReturnConsumedCapacity":"TOTAL"}',
    );
    const table = callOf('DescribeTable', { TableName });
    expect(askingForUnits(table)).to.equal(table);
  });
});
