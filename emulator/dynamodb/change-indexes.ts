import {
  type Answer,
  answerOf,
  bodyOf,
  callOf,
  type Database,
  failure,
  isObject,
  type JsonObject,
  objectsIn,
  textOf,
  validationFailure,
} from './database.ts';
import type { TableFacts } from './table-catalogue.ts';
import { readItems, replaceTable } from './table-copy.ts';

/** What UpdateTable wants of global indexes: `{ kind: 'Create', name, index }`. */
export interface IndexChange {
  readonly kind: 'Create' | 'Delete';
  readonly name: string;
  readonly index: JsonObject;
}

/** The indexes that an UpdateTable makes and removes; changes of throughput are none. */
export function indexChangesOf(input: JsonObject): IndexChange[] {
  return objectsIn(input.GlobalSecondaryIndexUpdates).flatMap(({ Create, Delete }) => [
    ...(isObject(Create) ? [{ kind: 'Create' as const, name: textOf(Create.IndexName) ?? '', index: Create }] : []),
    ...(isObject(Delete) ? [{ kind: 'Delete' as const, name: textOf(Delete.IndexName) ?? '', index: Delete }] : []),
  ]);
}

export const ONE_INDEX_AT_A_TIME = failure(
  'com.amazonaws.dynamodb.v20120810#LimitExceededException',
  'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
);

/**
 * Makes or removes an index of a table in dynalite, which takes such updates and forgets them: the table is made anew with
 * its items (DD-08). Nobody else may use the table meanwhile.
 * @returns undefined when the update is about no index
 */
export async function changeIndexes(
  database: Database,
  table: TableFacts,
  input: JsonObject,
): Promise<Answer | undefined> {
  const [change] = indexChangesOf(input);
  if (change === undefined) return undefined;
  if (objectsIn(input.GlobalSecondaryIndexUpdates).length > 1) return ONE_INDEX_AT_A_TIME;
  if (input.BillingMode !== undefined || input.ProvisionedThroughput !== undefined) {
    return validationFailure('UpdateTable changes throughput, makes an index or removes one: one of these at a time');
  }
  if (change.kind === 'Create' && table.globalIndexes.has(change.name)) {
    return validationFailure(`Attempting to create an index which already exists: ${change.name}`);
  }
  if (change.kind === 'Delete' && !table.globalIndexes.has(change.name)) {
    const message = `Requested resource not found: Index: ${change.name} not found`;
    return failure('com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message);
  }
  const items = await readItems(database, table.name);
  try {
    await replaceTable(database, changed(table.description, change, input), items);
  } catch (error) {
    await replaceTable(database, table.description, items);
    return validationFailure(error instanceof Error ? error.message : String(error));
  }
  const { Table } = bodyOf(await database(callOf('DescribeTable', { TableName: table.name })));
  return answerOf(200, { TableDescription: Table });
}

function changed(description: JsonObject, { kind, name, index }: IndexChange, input: JsonObject): JsonObject {
  const given = objectsIn(input.AttributeDefinitions);
  const names = new Set(given.map(({ AttributeName }) => AttributeName));
  const kept = objectsIn(description.AttributeDefinitions).filter(({ AttributeName }) => !names.has(AttributeName));
  const indexes = objectsIn(description.GlobalSecondaryIndexes);
  return {
    ...description,
    AttributeDefinitions: [...kept, ...given],
    GlobalSecondaryIndexes:
      kind === 'Create' ? [...indexes, index] : indexes.filter(({ IndexName }) => IndexName !== name),
  };
}
