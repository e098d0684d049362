import {
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { createHandClock, databases, functionWith, rejection, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const fn = functionWith('worker');

async function blue(client: DynamoDBClient, IndexName = 'by-colour', more: object = {}): Promise<string[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      IndexName,
      KeyConditionExpression: 'colour = :c',
      ExpressionAttributeValues: { ':c': { S: 'blue' } },
      ...more,
    }),
  );
  return Items.map(({ id }) => id?.S ?? '').sort();
}

async function put(client: DynamoDBClient, id: string, colour = 'blue'): Promise<void> {
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, colour: { S: colour } } }));
}

const create = (name: string, attribute: string) => ({
  Create: {
    IndexName: name,
    KeySchema: [{ AttributeName: attribute, KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'ALL' as const },
  },
});
const definition = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });

describe('global secondary indexes', () => {
  const start = databases();

  it('stay behind their table for as long as they are told, and follow it in order (DD-01)', async () => {
    const clock = createHandClock();
    const client = (await start({ clock, faults: { gsiLagMs: 100 } })).clientOf(fn);
    await put(client, 'a');
    await put(client, 'b', 'red');
    const { Items } = await client.send(new ScanCommand({ TableName }));
    expect(Items, 'the table itself').to.have.length(2);
    expect(await blue(client)).to.deep.equal([]);
    clock.advance(99);
    expect(await blue(client)).to.deep.equal([]);
    const Key = { id: { S: 'b' } };
    const paint = { UpdateExpression: 'SET colour = :c', ExpressionAttributeValues: { ':c': { S: 'blue' } } };
    await client.send(new UpdateItemCommand({ TableName, Key, ...paint }));
    clock.advance(1);
    expect(await blue(client)).to.deep.equal(['a']);
    await client.send(new DeleteItemCommand({ TableName, Key: { id: { S: 'a' } } }));
    clock.advance(99);
    expect(await blue(client)).to.deep.equal(['a', 'b']);
    clock.advance(1);
    expect(await blue(client)).to.deep.equal(['b']);
  });

  it('are as the table is when the emulator starts, and never show an older item after a newer one (DD-01)', async () => {
    const first = await start();
    await put(first.clientOf(fn), 'old');
    const clock = createHandClock();
    const client = (await start({ database: first.url, clock, faults: { gsiLagMs: 50 } })).clientOf(fn);
    expect(await blue(client)).to.deep.equal(['old']);
    await Promise.all(Array.from({ length: 20 }, (_, at) => put(client, 'new', at % 2 ? 'red' : 'blue')));
    clock.advance(50);
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    const expected = Items.filter(({ colour }) => colour?.S === 'blue').map(({ id }) => id?.S ?? '');
    expect(await blue(client)).to.deep.equal(expected.sort());
  });

  it('cannot be read consistently (DD-01)', async () => {
    for (const gsiLagMs of [0, 100]) {
      const client = (await start({ faults: { gsiLagMs } })).clientOf(fn);
      const error = await rejection(blue(client, 'by-colour', { ConsistentRead: true }));
      expect(error.name).to.equal('ValidationException');
      expect(error.message).to.equal('Consistent reads are not supported on global secondary indexes');
    }
  });

  it('are made and removed, with what is in the table, one at a time (DD-08)', async () => {
    const client = (await start()).clientOf(fn);
    await put(client, 'a');
    const two = [create('one', 'colour'), create('two', 'colour')];
    const AttributeDefinitions = [definition('id'), definition('colour')];
    const update = (GlobalSecondaryIndexUpdates: object[]) =>
      client.send(new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates }));
    const error = await rejection(update(two));
    expect(error.name).to.equal('LimitExceededException');
    expect(error.message).to.equal(
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
    await update([create('one', 'colour')]);
    expect(await blue(client, 'one')).to.deep.equal(['a']);
    await update([{ Delete: { IndexName: 'by-colour' } }]);
    expect((await rejection(blue(client))).message).to.include('does not have the specified index: by-colour');
    expect(await blue(client, 'one')).to.deep.equal(['a']);
    expect((await rejection(update([create('one', 'colour')]))).name).to.equal('ValidationException');
    expect((await rejection(update([{ Delete: { IndexName: 'gone' } }]))).name).to.equal('ResourceNotFoundException');
    expect((await rejection(update([create('bad', 'undefined-attribute')]))).name).to.equal('ValidationException');
    expect(await blue(client, 'one'), 'after a refusal').to.deep.equal(['a']);
  });

  it('lose no write that comes while they are made (DD-08)', async () => {
    const client = (await start()).clientOf(fn);
    const writes = Array.from({ length: 30 }, (_, at) => put(client, `item-${at}`));
    const GlobalSecondaryIndexUpdates = [create('other', 'id')];
    const AttributeDefinitions = [definition('id'), definition('colour')];
    await client.send(new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates }));
    await Promise.all(writes);
    expect(await blue(client)).to.have.length(30);
  });

  for (const gsiLagMs of [0, 10]) {
    it(`take their time to be made, and cannot be read meanwhile (DD-08; lag ${gsiLagMs} ms)`, async () => {
      const clock = createHandClock();
      const client = (await start({ clock, faults: { gsiCreateMs: 60_000, gsiLagMs } })).clientOf(fn);
      await put(client, 'a');
      clock.advance(gsiLagMs);
      const AttributeDefinitions = [definition('id'), definition('colour')];
      const update = (change: object) =>
        client.send(new UpdateTableCommand({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [change] }));
      const { TableDescription } = await update(create('slow', 'colour'));
      expect(TableDescription?.TableStatus).to.equal('UPDATING');
      const statuses = async () => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        return Table?.GlobalSecondaryIndexes?.map(({ IndexName, IndexStatus, Backfilling }) => [
          IndexName,
          IndexStatus,
          Backfilling,
        ]);
      };
      clock.advance(59_999);
      expect(await statuses()).to.deep.equal([
        ['by-colour', 'ACTIVE', undefined],
        ['slow', 'CREATING', true],
      ]);
      const error = await rejection(blue(client, 'slow'));
      expect(error.name).to.equal('ValidationException');
      expect(error.message).to.equal('Cannot read from backfilling global secondary index: slow');
      expect((await rejection(update({ Delete: { IndexName: 'by-colour' } }))).name).to.equal('LimitExceededException');
      expect(await blue(client), 'the other index').to.deep.equal(['a']);
      clock.advance(1);
      expect(await blue(client, 'slow')).to.deep.equal(['a']);
      expect((await statuses())?.[1]).to.deep.equal(['slow', 'ACTIVE', undefined]);
    });
  }
});
