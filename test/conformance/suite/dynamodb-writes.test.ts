import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type ReturnValue,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { errorOf, type Item, withTable } from '../database.ts';

const MOST_ITEM_BYTES = 400 * 1024;
const Key: Item = { id: { S: 'a' } };

inSetting('default', (behaviour) => {
  behaviour('DD-04', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      const old = { ...Key, text: { S: 'old' } };
      await client.send(new PutItemCommand({ TableName, Item: old }));
      const condition = { TableName, ConditionExpression: 'attribute_not_exists(id)' };
      const writes = (wanted?: 'ALL_OLD' | 'NONE') => {
        const returning = { ...condition, ReturnValuesOnConditionCheckFailure: wanted };
        const update = { UpdateExpression: 'SET x = :x', ExpressionAttributeValues: { ':x': { S: 'new' } } };
        return [
          client.send(new PutItemCommand({ ...returning, Item: { ...Key, text: { S: 'new' } } })),
          client.send(new UpdateItemCommand({ ...returning, Key, ...update })),
          client.send(new DeleteItemCommand({ ...returning, Key })),
        ];
      };
      for (const [wanted, item] of [
        [undefined, undefined],
        ['NONE', undefined],
        ['ALL_OLD', old],
      ] as const) {
        for (const write of writes(wanted)) {
          const error = await errorOf(write);
          expect(error.name).to.equal('ConditionalCheckFailedException');
          expect(error.message).to.equal('The conditional request failed');
          expect(error).to.have.nested.property('$metadata.httpStatusCode', 400);
          expect(error.Item).to.deep.equal(item);
        }
      }
      const left = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      expect(left.Item, 'nothing was written').to.deep.equal(old);
    });
  });

  behaviour('DD-05', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      const first = { ...Key, n: { N: '1' }, kept: { S: 'k' } };
      const put = (ReturnValues?: ReturnValue) =>
        client.send(new PutItemCommand({ TableName, Item: first, ReturnValues }));
      const remove = (ReturnValues?: ReturnValue) =>
        client.send(new DeleteItemCommand({ TableName, Key, ReturnValues }));
      const update = (ReturnValues?: ReturnValue) =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key,
            UpdateExpression: 'SET n = n + :one',
            ExpressionAttributeValues: { ':one': { N: '1' } },
            ReturnValues,
          }),
        );

      expect((await put('ALL_OLD')).Attributes).to.equal(undefined);
      expect((await put('ALL_OLD')).Attributes).to.deep.equal(first);
      expect((await put('NONE')).Attributes).to.equal(undefined);
      expect((await put()).Attributes).to.equal(undefined);
      for (const refused of ['UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW'] as const) {
        for (const write of [put, remove]) {
          expect((await errorOf(write(refused))).name, refused).to.equal('ValidationException');
        }
      }
      expect((await update()).Attributes).to.equal(undefined); // 2
      expect((await update('NONE')).Attributes).to.equal(undefined); // 3
      expect((await update('ALL_OLD')).Attributes).to.deep.equal({ ...first, n: { N: '3' } });
      expect((await update('UPDATED_OLD')).Attributes).to.deep.equal({ n: { N: '4' } });
      expect((await update('ALL_NEW')).Attributes).to.deep.equal({ ...first, n: { N: '6' } });
      expect((await update('UPDATED_NEW')).Attributes).to.deep.equal({ n: { N: '7' } });
      expect((await remove('ALL_OLD')).Attributes).to.deep.equal({ ...first, n: { N: '7' } });
      expect((await remove('ALL_OLD')).Attributes).to.equal(undefined);
    });
  });

  behaviour('DD-06', async (target) => {
    await withTable(target, {}, async (client, TableName) => {
      const name = 'a-name-that-counts-as-well'.repeat(4);
      const most = MOST_ITEM_BYTES - 'id'.length - 'a'.length - name.length;
      const itemOf = (bytes: number) => ({ ...Key, [name]: { S: 'x'.repeat(bytes) } });
      await client.send(new PutItemCommand({ TableName, Item: itemOf(most) }));

      const over = await errorOf(client.send(new PutItemCommand({ TableName, Item: itemOf(most + 1) })));
      expect(over.name).to.equal('ValidationException');
      expect(over.message).to.equal('Item size has exceeded the maximum allowed size');

      const growing = { UpdateExpression: 'SET b = :b', ExpressionAttributeValues: { ':b': { S: 'more' } } };
      const grown = await errorOf(client.send(new UpdateItemCommand({ TableName, Key, ...growing })));
      expect(grown.name).to.equal('ValidationException');
    });
  });
});
