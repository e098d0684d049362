import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { createRandom } from '../../../emulator/stack/random.ts';
import { databases, functionWith, rejection, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const itemOf = (id: number) => ({ id: { S: String(id) }, colour: { S: 'blue' } });
const fn = functionWith('worker');

describe('faults of the database', () => {
  const start = databases();

  /** What became of twenty writes with a seed. */
  async function outcomes(seed: number): Promise<string[]> {
    const faults = { databaseErrorRate: 0.2, databaseThrottleRate: 0.2 };
    const client = (await start({ functions: [fn], faults, random: createRandom(seed) })).clientOf(fn);
    const names: string[] = [];
    for (let id = 0; id < 20; id += 1) {
      const sent = client.send(new PutItemCommand({ TableName, Item: itemOf(id) }));
      names.push(
        await sent.then(
          () => 'written',
          ({ name }: Error) => name,
        ),
      );
    }
    return names;
  }

  it('come by seed, the same for the same one', async () => {
    const [first, again, other] = [await outcomes(1), await outcomes(1), await outcomes(2)];
    expect(new Set(first)).to.deep.equal(new Set(['written', 'InternalServerError', 'ThrottlingException']));
    expect(again).to.deep.equal(first);
    expect(other).to.not.deep.equal(first);
  });

  it('throttle on-demand and provisioned tables each in their way, and say so in the log (DD-09)', async () => {
    const database = await start({ functions: [fn], faults: { databaseThrottleRate: 1 } });
    const client = database.clientOf(fn);
    const onDemand = await rejection(client.send(new ScanCommand({ TableName })));
    expect(onDemand.name).to.equal('ThrottlingException');
    expect(onDemand.message).to.match(/^Throughput exceeds the current capacity of your table or index\./);
    await client.send(
      new CreateTableCommand({
        TableName: 'provisioned',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
      }),
    );
    const Key = { id: { S: 'a' } };
    const provisioned = await rejection(client.send(new GetItemCommand({ TableName: 'provisioned', Key })));
    expect(provisioned.name).to.equal('ProvisionedThroughputExceededException');
    expect(database.log).to.deep.include({
      level: 'warn',
      source: 'dynamodb',
      message: 'GetItem on provisioned by worker: ProvisionedThroughputExceededException (databaseThrottleRate)',
      behaviour: 'DD-09',
    });
  });

  it('are what the SDK tries again after (DD-09)', async () => {
    // The first two numbers throttle the first attempt, whatever the second and later ones say.
    let draws = 0;
    const random = () => (draws++ === 0 ? 0 : 0.9);
    const database = await start({ functions: [fn], faults: { databaseThrottleRate: 0.5 }, random });
    const credentials = await database.clientOf(fn).config.credentials();
    const patient = database.client(credentials, { maxAttempts: 3 });
    const { $metadata } = await patient.send(new PutItemCommand({ TableName, Item: itemOf(1) }));
    expect($metadata.attempts).to.equal(2);
  });

  it('leave some of what they fail written all the same: after a 500 nobody knows', async () => {
    const client = (
      await start({ functions: [fn], faults: { databaseErrorRate: 0.5 }, random: createRandom(3) })
    ).clientOf(fn);
    const failed: string[] = [];
    for (let id = 0; id < 30; id += 1) {
      const error = await client.send(new PutItemCommand({ TableName, Item: itemOf(id) })).then(
        () => undefined,
        ({ name }: Error) => name,
      );
      if (error === 'InternalServerError') failed.push(String(id));
    }
    let found: string[] | undefined;
    while (found === undefined) {
      const page = await client.send(new ScanCommand({ TableName })).catch(() => undefined);
      found = page?.Items?.map(({ id }) => id?.S ?? '');
    }
    const written = failed.filter((id) => found.includes(id));
    expect(written).to.not.be.empty;
    expect(written.length).to.be.lessThan(failed.length);
  });

  it('leave a part of a batch undone, or all of it (DD-09)', async () => {
    const rate = { databaseThrottleRate: 0.5 };
    const client = (await start({ functions: [fn], faults: rate, random: createRandom(5) })).clientOf(fn);
    const ids = Array.from({ length: 12 }, (_, id) => id);
    const requests = ids.map((id) => ({ PutRequest: { Item: itemOf(id) } }));
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }),
    );
    const undone = UnprocessedItems?.[TableName] ?? [];
    expect(undone).to.have.length.within(1, 11);

    const Keys = ids.map((id) => ({ id: { S: String(id) } }));
    const request = { RequestItems: { [TableName]: { Keys, ConsistentRead: true } } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand(request));
    const unread = UnprocessedKeys?.[TableName];
    expect(unread?.Keys).to.have.length.within(1, 11);
    expect(unread?.ConsistentRead).to.equal(true);
    const missing = new Set([
      ...undone.map(({ PutRequest }) => PutRequest?.Item?.id?.S),
      ...(unread?.Keys ?? []).map(({ id }) => id?.S),
    ]);
    expect(Responses?.[TableName]).to.have.length(12 - missing.size);

    const never = (await start({ functions: [fn], faults: { databaseThrottleRate: 1 } })).clientOf(fn);
    expect((await rejection(never.send(new BatchGetItemCommand(request)))).name).to.equal('ThrottlingException');
  });
});
