import {
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { pause, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { databaseClient, type Item, withTable } from '../database.ts';

inSetting('default', (behaviour) => {
  behaviour('DD-02', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      await client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' }, text: { S: 'now' } } }));
      for (const [ConsistentRead, units] of [
        [undefined, 0.5], // half the price: it may be late
        [false, 0.5],
        [true, 1],
      ] as const) {
        const asked = { TableName, ConsistentRead, ReturnConsumedCapacity: 'TOTAL' } as const;
        const got = await client.send(new GetItemCommand({ ...asked, Key: { id: { S: 'a' } } }));
        const query = { KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': { S: 'a' } } };
        const queried = await client.send(new QueryCommand({ ...asked, ...query }));
        const scanned = await client.send(new ScanCommand(asked));
        for (const { ConsumedCapacity } of [got, queried, scanned]) {
          expect(ConsumedCapacity).to.deep.equal({ TableName, CapacityUnits: units });
        }
        if (!ConsistentRead) continue;
        expect([got.Item, queried.Items?.[0], scanned.Items?.[0]].map((item) => item?.text)).to.deep.equal(
          [1, 2, 3].map(() => ({ S: 'now' })),
        );
      }
      for (let n = 0; n < 20; n++) {
        await client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' }, n: { N: String(n) } } }));
        const read = { TableName, Key: { id: { S: 'a' } }, ConsistentRead: true };
        expect((await client.send(new GetItemCommand(read))).Item?.n).to.deep.equal({ N: String(n) });
      }
    });
  });

  behaviour('DD-03', async (target) => {
    const client = databaseClient(target);
    const { TableNames = [] } = await client.send(new ListTablesCommand({}));
    // The stack's own table has a time to live, in seconds, on `expiresAt`.
    const TableName = TableNames.find((name) => /^postern-probe-dev-RecordsTable/.test(name));
    const described = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(described.TimeToLiveDescription).to.deep.equal({
      AttributeName: 'expiresAt',
      TimeToLiveStatus: 'ENABLED',
    });

    const run = tag();
    const ago = (seconds: number) => String(Math.floor(Date.now() / 1_000) - seconds);
    const items: Item[] = [ago(1), ago(3_600)].map((N, at) => ({
      run: { S: run },
      at: { S: String(at) },
      expiresAt: { N },
    }));
    for (const Item of items) await client.send(new PutItemCommand({ TableName, Item }));
    await pause(1_500);

    const values = { ':run': { S: run } };
    const byName = { ExpressionAttributeNames: { '#run': 'run' }, ExpressionAttributeValues: values };
    const Key = { run: { S: run }, at: { S: '0' } };
    const got = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    expect(got.Item).to.deep.equal(items[0]);
    const query = { TableName, KeyConditionExpression: '#run = :run', ...byName, ConsistentRead: true };
    const queried = await client.send(new QueryCommand({ ...query, ReturnConsumedCapacity: 'TOTAL' }));
    expect(queried.Items).to.deep.equal(items);
    expect(queried.ConsumedCapacity?.CapacityUnits, 'still costs').to.equal(1);
    const scanned = await client.send(new ScanCommand({ TableName, FilterExpression: '#run = :run', ...byName }));
    expect(scanned.Count).to.equal(2);
    client.destroy();
  });
});
