import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { notThere, type Target } from './target.ts';

export type Item = Record<string, AttributeValue>;

/** The SDK's client of DynamoDB, trying once unless told otherwise. */
export function databaseClient(target: Target, maxAttempts = 1): DynamoDBClient {
  const { dynamodb: endpoint, region, credentials } = target;
  if (endpoint === undefined) return notThere('DynamoDB');
  return new DynamoDBClient({ endpoint, region, credentials, maxAttempts });
}

/** What a global index on the attribute `owner` is called, and what it is. */
export const BY_OWNER = {
  IndexName: 'by-owner',
  KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
} as const;

/** Makes a table with the key `id`, of a name of its own, for as long as `use` takes. */
export async function withTable(
  target: Target,
  { part = false, index = false }: { readonly part?: boolean; readonly index?: boolean },
  use: (client: DynamoDBClient, table: string) => Promise<void>,
): Promise<void> {
  const client = databaseClient(target);
  const TableName = `postern-conformance-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        ...(part ? [{ AttributeName: 'part', AttributeType: 'N' } as const] : []),
        ...(index ? [{ AttributeName: 'owner', AttributeType: 'S' } as const] : []),
      ],
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        ...(part ? [{ AttributeName: 'part', KeyType: 'RANGE' } as const] : []),
      ],
      ...(index && { GlobalSecondaryIndexes: [{ ...BY_OWNER, KeySchema: [...BY_OWNER.KeySchema] }] }),
    }),
  );
  try {
    await waitUntilTableExists({ client, maxWaitTime: 15, minDelay: 1, maxDelay: 1 }, { TableName });
    await use(client, TableName);
  } finally {
    await client.send(new DeleteTableCommand({ TableName })).catch(() => {});
    client.destroy();
  }
}

/** What the SDK throws at a call that must fail. */
export async function errorOf(sending: Promise<unknown>): Promise<Error & { readonly Item?: Item }> {
  const error = await sending.then(
    () => undefined,
    (reason: Error) => reason,
  );
  return error ?? expect.fail('the call succeeded');
}
