import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { databases, functionWith, rejection, THINGS } from './fixture.ts';

const TableName = THINGS.name;
const Item = { id: { S: 'a' }, colour: { S: 'blue' } };
const Key = { id: { S: 'a' } };
const fn = functionWith('worker');

describe('items of the embedded database', () => {
  const start = databases();

  async function client(): Promise<DynamoDBClient> {
    return (await start()).clientOf(fn);
  }

  it('come with the condition that failed on them, where that is asked for (DD-04)', async () => {
    const database = await client();
    const condition = { ConditionExpression: 'attribute_not_exists(id)' };
    const asked = { ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
    await database.send(new PutItemCommand({ TableName, Item, ...asked }));
    const update = { UpdateExpression: 'SET x = :x', ExpressionAttributeValues: { ':x': { S: 'y' } } };
    for (const command of [
      new PutItemCommand({ TableName, Item: { ...Item, x: { S: 'y' } }, ...asked }),
      new UpdateItemCommand({ TableName, Key, ...update, ...asked }),
      new DeleteItemCommand({ TableName, Key, ...asked }),
    ]) {
      const error = await rejection(database.send(command as PutItemCommand));
      expect(error).to.be.instanceOf(ConditionalCheckFailedException);
      expect(error.message).to.equal('The conditional request failed');
      expect(error.Item).to.deep.equal(Item);
    }
    const silent = await rejection(database.send(new PutItemCommand({ TableName, Item, ...condition })));
    expect(silent.Item).to.equal(undefined);
    const exists = { ...asked, ConditionExpression: 'attribute_exists(id)' };
    const absent = await rejection(
      database.send(new DeleteItemCommand({ TableName, Key: { id: { S: 'b' } }, ...exists })),
    );
    expect(absent.name).to.equal('ConditionalCheckFailedException');
    expect(absent.Item).to.equal(undefined);
    const bad = { ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_NEW' as 'ALL_OLD' };
    expect((await rejection(database.send(new PutItemCommand({ TableName, Item, ...bad })))).name).to.equal(
      'ValidationException',
    );
  });

  it('are what the condition failed on, whoever else writes (DD-04)', async () => {
    const database = await client();
    await database.send(new PutItemCommand({ TableName, Item: { ...Key, n: { N: '0' } } }));
    // Each writer turns what it wants into what the others want: who fails must be shown something else than it wanted.
    const turn = (wanted: string) =>
      database.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET answer = :next',
          ConditionExpression: 'attribute_not_exists(answer) OR answer = :wanted',
          ExpressionAttributeValues: { ':wanted': { S: wanted }, ':next': { S: wanted === 'yes' ? 'no' : 'yes' } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, at) =>
        turn(at % 2 ? 'yes' : 'no').catch((error) => ({ wanted: at % 2 ? 'yes' : 'no', error })),
      ),
    );
    const failures = results.flatMap((result) =>
      result.status === 'fulfilled' && 'wanted' in result.value ? [result.value] : [],
    );
    expect(failures).to.not.be.empty;
    for (const { wanted, error } of failures) expect(error.Item.answer.S).to.not.equal(wanted);
  });

  it('are returned by the rules of each operation (DD-05)', async () => {
    const database = await client();
    const wrong = { ReturnValues: 'ALL_NEW' as const };
    for (const command of [
      new PutItemCommand({ TableName, Item, ...wrong }),
      new DeleteItemCommand({ TableName, Key, ...wrong }),
    ]) {
      expect((await rejection(database.send(command as PutItemCommand))).name).to.equal('ValidationException');
    }
    const set = (value: string, ReturnValues: 'NONE' | 'ALL_OLD' | 'UPDATED_OLD' | 'ALL_NEW' | 'UPDATED_NEW') =>
      database
        .send(
          new UpdateItemCommand({
            TableName,
            Key,
            UpdateExpression: 'SET x = :x',
            ExpressionAttributeValues: { ':x': { S: value } },
            ReturnValues,
          }),
        )
        .then(({ Attributes }) => Attributes);
    expect(await set('1', 'NONE')).to.equal(undefined);
    expect(await set('2', 'ALL_OLD')).to.deep.equal({ ...Key, x: { S: '1' } });
    expect(await set('3', 'UPDATED_OLD')).to.deep.equal({ x: { S: '2' } });
    expect(await set('4', 'ALL_NEW')).to.deep.equal({ ...Key, x: { S: '4' } });
    expect(await set('5', 'UPDATED_NEW')).to.deep.equal({ x: { S: '5' } });
  });

  it('are 400 KB at most, names and all (DD-06)', async () => {
    const database = await client();
    const room = 400 * 1024 - 'id'.length - 'a'.length - 'body'.length;
    const put = (length: number) =>
      database.send(new PutItemCommand({ TableName, Item: { ...Key, body: { S: 'x'.repeat(length) } } }));
    await put(room);
    const error = await rejection(put(room + 1));
    expect(error.name).to.equal('ValidationException');
    expect(error.message).to.equal('Item size has exceeded the maximum allowed size');
  });

  it('cost what they cost (DD-07)', async () => {
    const database = await client();
    const ReturnConsumedCapacity = 'TOTAL' as const;
    const units = async (answer: Promise<{ ConsumedCapacity?: { CapacityUnits?: number | undefined } | undefined }>) =>
      (await answer).ConsumedCapacity?.CapacityUnits;
    const big = { id: { S: 'a' }, body: { S: 'x'.repeat(5_000) } };
    expect(await units(database.send(new PutItemCommand({ TableName, Item: big, ReturnConsumedCapacity })))).to.equal(
      5,
    );
    const get = { TableName, Key, ReturnConsumedCapacity };
    expect(await units(database.send(new GetItemCommand(get)))).to.equal(1);
    expect(await units(database.send(new GetItemCommand({ ...get, ConsistentRead: true })))).to.equal(2);
    expect(await units(database.send(new GetItemCommand({ ...get, Key: { id: { S: 'none' } } })))).to.equal(0.5);
    const query = {
      TableName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: 'none' } },
      ReturnConsumedCapacity,
    };
    expect(await units(database.send(new QueryCommand(query)))).to.equal(0.5);
    expect(await units(database.send(new QueryCommand({ ...query, ConsistentRead: true })))).to.equal(1);
  });

  it('take part in no transaction: what the database cannot do is refused by name', async () => {
    const database = await start();
    const sent = database
      .clientOf(fn)
      .send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item } }] }));
    const error = await rejection(sent);
    expect(error.name).to.equal('UnknownOperationException');
    expect(error.message).to.match(/^TransactWriteItems: the embedded database cannot do this\. .*dynamodb: local/);
    expect(database.log.some(({ message }) => message.startsWith('TransactWriteItems refused'))).to.equal(true);
    const TimeToLiveSpecification = { AttributeName: 'x', Enabled: true };
    const ttl = database.clientOf(fn).send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    expect((await rejection(ttl)).message).to.include('UpdateTimeToLive');
  });

  it('are written by batches and one by one at the same time', async () => {
    const database = await client();
    const ids = Array.from({ length: 25 }, (_, id) => ({ id: { S: String(id) } }));
    const requests = ids.map((id) => ({ PutRequest: { Item: { ...id, from: { S: 'batch' } } } }));
    await Promise.all([
      database.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } })),
      ...ids.map((id) => database.send(new PutItemCommand({ TableName, Item: { ...id, from: { S: 'put' } } }))),
      database.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: [...requests].reverse() } })),
    ]);
    for (const Key of ids) {
      const { Item: found } = await database.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      expect(found?.from?.S).to.be.oneOf(['batch', 'put']);
    }
  });
});
