import { type DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { BY_OWNER, type Item, withTable } from '../database.ts';

/** An item of so many bytes. */
function itemOf(id: string, part: number, bytes: number, further: Item = {}): Item {
  const item = { id: { S: id }, part: { N: String(part) }, ...further };
  const named = 'id'.length + id.length + 'part'.length + 2 + 'text'.length;
  return { ...item, text: { S: 'x'.repeat(bytes - named) } };
}

function put(client: DynamoDBClient, TableName: string, Item: Item, asked: 'TOTAL' | 'INDEXES' = 'TOTAL') {
  return client.send(new PutItemCommand({ TableName, Item, ReturnConsumedCapacity: asked }));
}

inSetting('default', (behaviour) => {
  // Transactions, which cost twice, are left out: the embedded database has none, and says so.
  behaviour('DD-07', async (target) => {
    await withTable(target, { part: true, index: true }, async (client, TableName) => {
      for (const [bytes, units] of [
        [200, 1],
        [1_000, 1],
        [1_500, 2],
        [4_000, 4],
      ] as const) {
        const { ConsumedCapacity } = await put(client, TableName, itemOf('w', bytes, bytes));
        expect(ConsumedCapacity, `${bytes} bytes`).to.deep.equal({ TableName, CapacityUnits: units });
      }
      const touching = await put(client, TableName, itemOf('w', 1, 500, { owner: { S: 'o' } }), 'INDEXES');
      expect(touching.ConsumedCapacity).to.deep.equal({
        TableName,
        CapacityUnits: 2,
        Table: { CapacityUnits: 1 },
        GlobalSecondaryIndexes: { [BY_OWNER.IndexName]: { CapacityUnits: 1 } },
      });
      const beside = await put(client, TableName, itemOf('w', 2, 500), 'INDEXES');
      expect(beside.ConsumedCapacity).to.deep.equal({ TableName, CapacityUnits: 1, Table: { CapacityUnits: 1 } });
    });
  });

  behaviour('DD-07', async (target) => {
    await withTable(target, { part: true }, async (client, TableName) => {
      for (const part of [0, 1, 2]) await put(client, TableName, itemOf('small', part, 1_500));
      await put(client, TableName, itemOf('large', 0, 4_500));
      const get = async (id: string, ConsistentRead: boolean) => {
        const Key = { id: { S: id }, part: { N: '0' } };
        const asked = { TableName, Key, ConsistentRead, ReturnConsumedCapacity: 'TOTAL' } as const;
        return (await client.send(new GetItemCommand(asked))).ConsumedCapacity;
      };
      const query = async (id: string, ConsistentRead: boolean) => {
        const condition = { KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': { S: id } } };
        const asked = { TableName, ...condition, ConsistentRead, ReturnConsumedCapacity: 'TOTAL' } as const;
        return (await client.send(new QueryCommand(asked))).ConsumedCapacity;
      };
      for (const [read, id, strong, what] of [
        [get, 'small', 1, 'one item of 1.5 KB'],
        [get, 'large', 2, 'one item of 4.5 KB'],
        [get, 'nobody', 1, 'no item'],
        [query, 'small', 2, 'three items, together 4.5 KB'],
        [query, 'large', 2, 'one item of 4.5 KB'],
        [query, 'nobody', 1, 'an empty poll'],
      ] as const) {
        expect(await read(id, true), what).to.deep.equal({ TableName, CapacityUnits: strong });
        expect(await read(id, false), what).to.deep.equal({ TableName, CapacityUnits: strong / 2 });
      }
    });
  });
});
