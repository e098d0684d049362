import { type Call, isObject, type JsonObject, objectsIn, textOf } from './database.ts';

const ITEM_WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const WRITES = new Set([...ITEM_WRITES, 'BatchWriteItem', 'TransactWriteItems']);
/** Operations that change what a table is, not what is in it. */
const TABLE_CHANGES = new Set(['CreateTable', 'UpdateTable', 'DeleteTable']);
const PARTIQL = new Set(['ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction']);

export function isItemWrite({ operation }: Call): boolean {
  return ITEM_WRITES.has(operation);
}

export function isWrite({ operation }: Call): boolean {
  return WRITES.has(operation);
}

export function isTableChange({ operation }: Call): boolean {
  return TABLE_CHANGES.has(operation);
}

export function isPartiQl({ operation }: Call): boolean {
  return PARTIQL.has(operation);
}

/** The name of a table that is given by its name or by its ARN. */
export function tableName(given: unknown): string {
  const [name = ''] = (textOf(given) ?? '').replace(/^arn:[^/]*:table\//, '').split('/', 1);
  return name;
}

/** Names of the tables that a call is about, each once; none where it names none. */
export function tablesOf({ input }: Call): string[] {
  const batch = isObject(input.RequestItems) ? Object.keys(input.RequestItems) : [];
  const transacted = transactionParts(input).map(([, part]) => part.TableName);
  const names = [input.TableName, ...batch, ...transacted].map(tableName).filter((name) => name !== '');
  return [...new Set(names)];
}

/** What a transaction is made of: `['Put', { TableName, Item }]`. */
export function transactionParts(input: JsonObject): [string, JsonObject][] {
  return objectsIn(input.TransactItems).flatMap((item) =>
    Object.entries(item).flatMap(([kind, part]): [string, JsonObject][] => (isObject(part) ? [[kind, part]] : [])),
  );
}
