import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../stack/log.ts';
import type { Table } from '../stack/stack.ts';
import { bodyOf, callOf, type Database, errorTypeOf, isObject, type JsonObject, objectsIn } from './database.ts';

/** Milliseconds between two looks at a table that is being made, and how many there are at most. */
const POLL_MS = 50;
const POLLS = 600;

/**
 * Makes those of the tables that are not there yet, and waits until each can be used. A table that exists is left as it
 * is, whatever its keys.
 */
export async function createTables(database: Database, tables: readonly Table[], log: Log): Promise<void> {
  await Promise.all(
    tables.map(async (table) => {
      const answer = await database(callOf('CreateTable', createTableInput(table)));
      const body = bodyOf(answer);
      const created = answer.status === 200;
      if (!created && errorTypeOf(body) !== 'ResourceInUseException') {
        throw new Error(`DynamoDB refused table ${table.logicalId}: ${errorTypeOf(body)} ${body.message ?? ''}`);
      }
      log({
        level: 'info',
        source: 'dynamodb',
        message: created ? `created table ${table.name}` : `table ${table.name} exists`,
      });
      await untilActive(database, table);
      if (table.ttlAttribute !== undefined) await enableTtl(database, table, table.ttlAttribute);
    }),
  );
}

/** On demand, as billed in AWS by request: no throughput to imitate. */
function createTableInput(table: Table): JsonObject {
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

async function untilActive(database: Database, table: Table): Promise<void> {
  for (let poll = 0; poll < POLLS; poll++) {
    const { Table: described } = bodyOf(await database(callOf('DescribeTable', { TableName: table.name })));
    const indexes = isObject(described) ? objectsIn(described.GlobalSecondaryIndexes) : [];
    const ready = indexes.every(({ IndexStatus }) => IndexStatus !== 'CREATING');
    if (isObject(described) && described.TableStatus === 'ACTIVE' && ready) return;
    await wait(poll === 0 ? 1 : POLL_MS); // the embedded database needs one turn of the event loop
  }
  throw new Error(`Table ${table.name} did not become ACTIVE within ${(POLL_MS * POLLS) / 1_000} s`);
}

/** The embedded database knows no TTL, and one that has it already on says so: neither is a fault (DD-03). */
async function enableTtl(database: Database, table: Table, attribute: string): Promise<void> {
  const TimeToLiveSpecification = { AttributeName: attribute, Enabled: true };
  await database(callOf('UpdateTimeToLive', { TableName: table.name, TimeToLiveSpecification }));
}
