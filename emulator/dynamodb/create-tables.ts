import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../stack/log.ts';
import type { Table } from '../stack/stack.ts';
import { callDynamoDb } from './dynamodb-client.ts';

/** Milliseconds between two looks at a table that is being made, and how many there are at most. */
const POLL_MS = 50;
const POLLS = 600;

/**
 * Makes those of the tables that are not there yet, and waits until each can be used. A table that exists is left as it
 * is, whatever its keys.
 */
export async function createTables(url: string, region: string, tables: readonly Table[], log: Log): Promise<void> {
  await Promise.all(
    tables.map(async (table) => {
      const created = await callDynamoDb(url, region, 'CreateTable', createTableInput(table));
      if (!created.ok && created.errorType !== 'ResourceInUseException') {
        throw new Error(
          `DynamoDB refused table ${table.logicalId}: ${created.errorType} ${created.body.message ?? ''}`,
        );
      }
      log({
        level: 'debug',
        source: 'dynamodb',
        message: created.ok ? `created table ${table.name}` : `table ${table.name} exists`,
      });
      await untilActive(url, region, table);
      if (table.ttlAttribute !== undefined) await enableTtl(url, region, table, table.ttlAttribute);
    }),
  );
}

/** On demand, as billed in AWS by request: no throughput to imitate. */
function createTableInput(table: Table): object {
  const keySchema = (schema: Table['keySchema']) =>
    schema.map(({ name, type }) => ({ AttributeName: name, KeyType: type }));
  const indexes = table.indexes.map((index) => ({
    IndexName: index.name,
    KeySchema: keySchema(index.keySchema),
    Projection: {
      ProjectionType: index.projection,
      ...(index.projection === 'INCLUDE' ? { NonKeyAttributes: index.nonKeyAttributes } : {}),
    },
  }));
  return {
    TableName: table.name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(table.keySchema),
    AttributeDefinitions: table.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
  };
}

async function untilActive(url: string, region: string, table: Table): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    const { body } = await callDynamoDb(url, region, 'DescribeTable', { TableName: table.name });
    const described = body.Table as { TableStatus?: string; GlobalSecondaryIndexes?: { IndexStatus?: string }[] };
    const indexes = described?.GlobalSecondaryIndexes ?? [];
    if (described?.TableStatus === 'ACTIVE' && indexes.every(({ IndexStatus }) => IndexStatus !== 'CREATING')) return;
    await wait(POLL_MS);
  }
  throw new Error(`Table ${table.name} did not become ACTIVE within ${(POLL_MS * POLLS) / 1_000} s`);
}

/** The embedded database knows no TTL, and one that has it already on says so: neither is a fault (DD-03). */
async function enableTtl(url: string, region: string, table: Table, attribute: string): Promise<void> {
  await callDynamoDb(url, region, 'UpdateTimeToLive', {
    TableName: table.name,
    TimeToLiveSpecification: { AttributeName: attribute, Enabled: true },
  });
}
