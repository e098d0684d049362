import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { noteOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { databaseClient, withTable } from '../database.ts';
import { exchange } from '../exchange.ts';

const THROTTLED = ['ProvisionedThroughputExceededException', 'ThrottlingException'];
const KEYS = Array.from({ length: 25 }, (_, n) => ({ id: { S: `item ${n}` } }));

/** Asks again while all of it is throttled. */
async function untilSome<Output>(ask: () => Promise<Output>): Promise<Output> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      expect(THROTTLED).to.include((error as Error).name);
      if (attempt === 50) throw error;
    }
  }
}

/** Writes all, a batch with what was left of the one before: how many batches that took. */
async function writeAll(client: DynamoDBClient, table: string): Promise<number> {
  let left: WriteRequest[] = KEYS.map((Item) => ({ PutRequest: { Item } }));
  for (let batches = 0; ; batches++) {
    if (left.length === 0 || batches === 50) return batches;
    const RequestItems = { [table]: left };
    const { UnprocessedItems = {} } = await untilSome(() => client.send(new BatchWriteItemCommand({ RequestItems })));
    left = UnprocessedItems[table] ?? [];
  }
}

async function readAll(client: DynamoDBClient, table: string) {
  const found: Record<string, AttributeValue>[] = [];
  let left: Record<string, AttributeValue>[] = KEYS;
  for (let batches = 0; ; batches++) {
    if (left.length === 0 || batches === 50) return { found, batches };
    const RequestItems = { [table]: { Keys: left, ConsistentRead: true } };
    const answer = await untilSome(() => client.send(new BatchGetItemCommand({ RequestItems })));
    found.push(...(answer.Responses?.[table] ?? []));
    left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
}

inSetting('pressed', (behaviour) => {
  behaviour('DD-09', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      const puts = KEYS.map((Item) => client.send(new PutItemCommand({ TableName, Item })));
      const refused = (await Promise.allSettled(puts)).flatMap((put) =>
        put.status === 'rejected' ? [put.reason] : [],
      );
      expect(refused.length).to.be.within(1, KEYS.length - 1);
      for (const error of refused) {
        expect(error.name).to.be.oneOf(THROTTLED);
        expect(error).to.have.nested.property('$metadata.httpStatusCode', 400);
      }

      const patient = databaseClient(target, 10);
      const again = KEYS.map((Item) => patient.send(new PutItemCommand({ TableName, Item })));
      const attempts = (await Promise.all(again)).map(({ $metadata }) => $metadata.attempts ?? 0);
      expect(Math.max(...attempts), 'the SDK tried again').to.be.greaterThan(1);
      patient.destroy();
    });
  });

  behaviour('DD-09', async (target) => {
    await withTable(target, {}, async (client, table) => {
      expect(await writeAll(client, table), 'batches written').to.be.within(2, 49);
      const { found, batches } = await readAll(client, table);
      expect(batches, 'batches read').to.be.within(2, 49);
      const ids = (items: typeof found) => items.map(({ id }) => id?.S).sort();
      expect(ids(found)).to.deep.equal(ids(KEYS));
    });
  });
});

inSetting('default', (behaviour) => {
  behaviour('DD-09', async (target) => {
    // What no policy allows is refused as well, but by another name, and the SDK does not try again.
    databaseClient(target).destroy();
    const wanted = tag();
    await exchange(target, '/powerless', { instruction: { useTable: true, tag: wanted } });
    expect(await noteOf(target, wanted, 3_000)).to.include({ name: 'AccessDeniedException', status: 400 });

    const allowed = tag();
    await exchange(target, '/', { instruction: { useTable: true, tag: allowed } });
    expect(await noteOf(target, allowed, 3_000)).to.include({ name: 'ok' });
  });
});
