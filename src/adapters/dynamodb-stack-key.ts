import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { RandomBytes } from '../protocol/ids.ts';
import { bytes, isConditionFailure } from './dynamodb-values.ts';

/** No tunnel id has a `#`, so the stack's own item never meets a tunnel's. */
const KEY_ITEM = { tunnelId: { S: '#stack-key' } };
const KEY_BYTES = 32;

/** The key that only this stack has; undefined where no function has needed it yet. */
export async function readStackKey(client: DynamoDBClient, table: string): Promise<Uint8Array | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: KEY_ITEM, ConsistentRead: true }));
  return Item && bytes(Item, 'key');
}

/**
 * The same, made on first use and kept in one item of `tunnels`.
 * Two environments that make it at the same time end up with the same one.
 */
export function createStackKey(
  client: DynamoDBClient,
  table: string,
  randomBytes: RandomBytes,
): () => Promise<Uint8Array> {
  const read = () => readStackKey(client, table);

  async function make(): Promise<Uint8Array> {
    const key = randomBytes(KEY_BYTES);
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: { ...KEY_ITEM, key: { B: key } },
          ConditionExpression: 'attribute_not_exists(tunnelId)',
        }),
      );
      return key;
    } catch (error) {
      const theirs = isConditionFailure(error) ? await read() : undefined;
      if (theirs) return theirs;
      throw error;
    }
  }

  return async () => (await read()) ?? make();
}
