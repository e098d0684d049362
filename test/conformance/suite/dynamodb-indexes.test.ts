import {
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { pause } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { BY_OWNER, errorOf, withTable } from '../database.ts';

const { IndexName } = BY_OWNER;
const OWNED = { id: { S: 'a' }, owner: { S: 'o' } };

function byOwner(client: DynamoDBClient, TableName: string, ConsistentRead?: boolean) {
  const condition = { KeyConditionExpression: '#o = :o', ExpressionAttributeNames: { '#o': 'owner' } };
  const values = { ExpressionAttributeValues: { ':o': { S: 'o' } } };
  return client.send(new QueryCommand({ TableName, IndexName, ...condition, ...values, ConsistentRead }));
}

/** An index by the attribute `name`. */
function creation(name: string) {
  return { ...BY_OWNER, IndexName: `by-${name}`, KeySchema: [{ AttributeName: name, KeyType: 'HASH' as const }] };
}

function createIndexes(client: DynamoDBClient, TableName: string, names: readonly string[]) {
  return client.send(
    new UpdateTableCommand({
      TableName,
      AttributeDefinitions: ['id', ...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      GlobalSecondaryIndexUpdates: names.map((name) => ({ Create: creation(name) })),
    }),
  );
}

async function indexStatus(client: DynamoDBClient, TableName: string): Promise<string | undefined> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  return Table?.GlobalSecondaryIndexes?.find((index) => index.IndexName === IndexName)?.IndexStatus;
}

inSetting('default', (behaviour) => {
  behaviour('DD-01', async (target) => {
    await withTable(target, { index: true }, async (client, TableName) => {
      const scan = client.send(new ScanCommand({ TableName, IndexName, ConsistentRead: true }));
      for (const read of [byOwner(client, TableName, true), scan]) {
        const error = await errorOf(read);
        expect(error.name).to.equal('ValidationException');
        expect(error.message).to.equal('Consistent reads are not supported on global secondary indexes');
      }
    });
  });
});

inSetting('unnoticed', (behaviour) => {
  behaviour('DD-01', async (target) => {
    await withTable(target, { index: true }, async (client, TableName) => {
      await client.send(new PutItemCommand({ TableName, Item: OWNED }));
      expect((await byOwner(client, TableName)).Items, 'at once').to.deep.equal([]);
      const scanned = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
      expect(scanned.Items, 'the table itself').to.deep.equal([OWNED]);

      const until = Date.now() + 3_000;
      let found = (await byOwner(client, TableName)).Items;
      while (found?.length === 0 && Date.now() < until) {
        await pause(30);
        found = (await byOwner(client, TableName)).Items;
      }
      expect(found, 'later').to.deep.equal([OWNED]);
    });
  });

  behaviour('DD-08', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      await client.send(new PutItemCommand({ TableName, Item: OWNED }));
      const both = await errorOf(createIndexes(client, TableName, ['owner', 'other']));
      expect(both.name).to.equal('LimitExceededException');

      await createIndexes(client, TableName, ['owner']);
      expect(await indexStatus(client, TableName)).to.equal('CREATING');
      expect((await errorOf(byOwner(client, TableName))).name, 'cannot be read yet').to.equal('ValidationException');
      const second = await errorOf(createIndexes(client, TableName, ['other']));
      expect(second.name).to.be.oneOf(['LimitExceededException', 'ResourceInUseException']);
      // The table itself goes on.
      await client.send(new PutItemCommand({ TableName, Item: { ...OWNED, id: { S: 'b' } } }));

      const until = Date.now() + 5_000;
      while ((await indexStatus(client, TableName)) !== 'ACTIVE' && Date.now() < until) await pause(50);
      expect(await indexStatus(client, TableName)).to.equal('ACTIVE');
      // What was there before it, and, as soon as it has caught up, what came meanwhile.
      let found = (await byOwner(client, TableName)).Items ?? [];
      while (found.length < 2 && Date.now() < until) {
        await pause(30);
        found = (await byOwner(client, TableName)).Items ?? [];
      }
      expect(found.map(({ id }) => id?.S).sort()).to.deep.equal(['a', 'b']);

      await client.send(
        new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] }),
      );
      while ((await indexStatus(client, TableName)) !== undefined && Date.now() < until) await pause(50);
      expect((await errorOf(byOwner(client, TableName))).name, 'is gone').to.equal('ValidationException');
    });
  });
});
