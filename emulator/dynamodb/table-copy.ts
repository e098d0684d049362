import { ask, type Database, isObject, type JsonObject, objectsIn, textOf } from './database.ts';

/** Items that one BatchWriteItem takes. */
const BATCH = 25;

/** All items of a table. */
export async function readItems(database: Database, table: string): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let from: unknown;
  do {
    const page = await ask(database, 'Scan', {
      TableName: table,
      ConsistentRead: true,
      ...(from !== undefined && { ExclusiveStartKey: from }),
    });
    items.push(...objectsIn(page.Items));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

/** Makes a table of an embedded database as `description` tells, with these items; whatever had its name is replaced. */
export async function replaceTable(database: Database, description: JsonObject, items: readonly JsonObject[]) {
  const TableName = textOf(description.TableName) ?? '';
  await ask(database, 'DeleteTable', { TableName }).catch(() => {});
  await untilStatus(database, TableName, undefined);
  await ask(database, 'CreateTable', createTableInput(description));
  await untilStatus(database, TableName, 'ACTIVE');
  for (let at = 0; at < items.length; at += BATCH) {
    const requests = items.slice(at, at + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await ask(database, 'BatchWriteItem', { RequestItems: { [TableName]: requests } });
  }
}

/** The embedded database changes a table at the next turn of the event loop. */
async function untilStatus(database: Database, TableName: string, wanted: string | undefined): Promise<void> {
  for (;;) {
    const found = await ask(database, 'DescribeTable', { TableName }).catch(() => ({ Table: undefined }));
    const status = isObject(found.Table) ? found.Table.TableStatus : undefined;
    if (status === wanted) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** CreateTable's input for what DescribeTable answered; attributes that no key needs are left out, as AWS demands. */
function createTableInput(description: JsonObject): JsonObject {
  const ofIndex = ({ IndexName, KeySchema, Projection }: JsonObject) => ({ IndexName, KeySchema, Projection });
  const throughput = throughputOf(description);
  const global = objectsIn(description.GlobalSecondaryIndexes).map((index) => ({
    ...ofIndex(index),
    ...throughputOf(index),
  }));
  const local = objectsIn(description.LocalSecondaryIndexes).map(ofIndex);
  const schemas = [description, ...global, ...local].flatMap(({ KeySchema }) => objectsIn(KeySchema));
  const needed = new Set(schemas.map(({ AttributeName }) => AttributeName));
  return {
    TableName: description.TableName,
    KeySchema: description.KeySchema,
    BillingMode: throughput.ProvisionedThroughput === undefined ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...throughput,
    AttributeDefinitions: objectsIn(description.AttributeDefinitions).filter(({ AttributeName }) =>
      needed.has(AttributeName),
    ),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local }),
  };
}

/** What is provisioned, without its history; nothing of what is billed by request. */
function throughputOf({ ProvisionedThroughput: provisioned }: JsonObject): JsonObject {
  if (!isObject(provisioned) || !provisioned.ReadCapacityUnits) return {};
  const { ReadCapacityUnits, WriteCapacityUnits } = provisioned;
  return { ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits } };
}
