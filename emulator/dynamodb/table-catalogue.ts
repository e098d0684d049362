import { bodyOf, callOf, type Database, isObject, type JsonObject, objectsIn, textOf } from './database.ts';

/** What a table is, as DescribeTable tells it. */
export interface TableFacts {
  readonly name: string;
  /** Names of the key's one or two attributes. */
  readonly keyNames: readonly string[];
  readonly globalIndexes: ReadonlySet<string>;
  /** Billed by request, without provisioned throughput. */
  readonly onDemand: boolean;
  readonly description: JsonObject;
}

export interface TableCatalogue {
  /** Undefined for a table that is not there. */
  find(name: string): Promise<TableFacts | undefined>;
  /** To be told of each operation that changes what a table is. */
  forget(name: string): void;
}

/** Remembers what the database says of its tables. */
export function createTableCatalogue(database: Database): TableCatalogue {
  const known = new Map<string, TableFacts>();
  let changes = 0;
  return {
    async find(name) {
      const found = known.get(name);
      if (found !== undefined) return found;
      const before = changes;
      const { Table } = bodyOf(await database(callOf('DescribeTable', { TableName: name })));
      if (!isObject(Table)) return undefined;
      const facts = factsOf(name, Table);
      if (changes === before) known.set(name, facts);
      return facts;
    },
    forget(name) {
      changes += 1;
      known.delete(name);
    },
  };
}

/** The key's attributes of an item. */
export function keyOf({ keyNames }: TableFacts, item: JsonObject): JsonObject {
  return Object.fromEntries(keyNames.map((name) => [name, item[name]]));
}

function factsOf(name: string, description: JsonObject): TableFacts {
  const indexes = objectsIn(description.GlobalSecondaryIndexes);
  const billing = description.BillingModeSummary;
  return {
    name,
    keyNames: objectsIn(description.KeySchema).map(({ AttributeName }) => textOf(AttributeName) ?? ''),
    globalIndexes: new Set(indexes.map(({ IndexName }) => textOf(IndexName) ?? '')),
    onDemand: isObject(billing) && billing.BillingMode === 'PAY_PER_REQUEST',
    description,
  };
}
