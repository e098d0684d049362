import type { Clock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import { type Answer, ask, type Call, type Database, failure, type JsonObject, textOf } from './database.ts';
import { isPartiQl, isTableChange, isWrite, tableName, tablesOf } from './operation.ts';
import { createTableCatalogue, keyOf, type TableFacts } from './table-catalogue.ts';
import { readItems, replaceTable } from './table-copy.ts';
import { createTableTurns } from './table-turns.ts';
import { writtenItems } from './written-items.ts';

export interface IndexLagOptions {
  /** Milliseconds that global indexes stay behind. */
  readonly lagMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** An embedded database of its own, where the indexes of then are kept. */
  readonly past: Database;
}

export interface LaggingDatabase {
  readonly call: Database;
  /** Ends the copying that is still to come. */
  stop(): void;
}

const NO_PARTIQL = 'PartiQL is not followed into indexes that lag: run without gsiLagMs, or without PartiQL.';

/** A table as it was: made when the table is first written to, or its index first read. */
interface PastTable {
  readonly table: TableFacts;
  /** The copying that has begun, in order. */
  copied: Promise<unknown>;
  /** What cancels copying that is still to come. */
  readonly pending: Set<() => void>;
}

/**
 * Global indexes that see the table of a while ago (DD-01): each written item is copied into a second database after the
 * lag, and indexes are read there. Knows of no writes but those that come by here.
 */
export function withIndexLag(database: Database, { lagMs, clock, log, past }: IndexLagOptions): LaggingDatabase {
  const catalogue = createTableCatalogue(database);
  const turns = createTableTurns();
  const pastTables = new Map<string, Promise<PastTable>>();

  async function pastOf(table: TableFacts): Promise<PastTable> {
    const found = pastTables.get(table.name);
    if (found !== undefined) return found;
    const made = copyOf(table);
    pastTables.set(table.name, made);
    made.catch(() => pastTables.delete(table.name));
    return made;
  }

  async function copyOf(table: TableFacts): Promise<PastTable> {
    await replaceTable(past, table.description, await readItems(database, table.name));
    return { table, copied: Promise.resolve(), pending: new Set() };
  }

  async function forget(name: string): Promise<void> {
    catalogue.forget(name);
    const found = await pastTables.get(name)?.catch(() => undefined);
    pastTables.delete(name);
    if (found === undefined) return;
    endCopying(found);
    await found.copied;
  }

  /** The tables of a call that have a global index. */
  async function indexedTables(names: readonly string[]): Promise<TableFacts[]> {
    const tables = await Promise.all(names.map((name) => catalogue.find(name)));
    return tables.flatMap((table) => (table !== undefined && table.globalIndexes.size > 0 ? [table] : []));
  }

  async function write(call: Call): Promise<Answer> {
    const tables = await indexedTables(tablesOf(call));
    const pasts = await Promise.all(tables.map(pastOf));
    const answer = await database(call);
    if (answer.status !== 200 || pasts.length === 0) return answer;
    for (const { table, item } of writtenItems(call)) {
      const target = pasts.find(({ table: { name } }) => name === table);
      if (target !== undefined) await copyLater(target, keyOf(target.table, item));
    }
    return answer;
  }

  /** Reads the item as it is now, and makes it the past's when its time has come. */
  async function copyLater(target: PastTable, Key: JsonObject): Promise<void> {
    const TableName = target.table.name;
    const { Item } = await ask(database, 'GetItem', { TableName, Key, ConsistentRead: true });
    const copy = () =>
      Item === undefined ? ask(past, 'DeleteItem', { TableName, Key }) : ask(past, 'PutItem', { TableName, Item });
    const cancel = clock.after(lagMs, () => {
      target.pending.delete(cancel);
      target.copied = target.copied.then(copy).catch((error: unknown) => {
        log({ level: 'error', source: 'dynamodb', message: `an index of ${TableName} misses a change: ${error}` });
      });
    });
    target.pending.add(cancel);
  }

  async function readIndex(call: Call, index: string): Promise<Answer> {
    const name = tableName(call.input.TableName);
    const table = await catalogue.find(name);
    if (!table?.globalIndexes.has(index)) return database(call);
    // In line with the writes, so that none comes in between while the table of then is made.
    const target = await (pastTables.get(name) ?? turns.share([name], [name], () => pastOf(table)));
    await target.copied;
    return turns.share([name], [], () => past(call));
  }

  return {
    async call(call) {
      const { operation, input } = call;
      const names = tablesOf(call);
      const [name] = names;
      const index = textOf(input.IndexName);
      if (isPartiQl(call)) return failure('com.amazon.coral.service#UnknownOperationException', NO_PARTIQL);
      if ((operation === 'Query' || operation === 'Scan') && index !== undefined) return readIndex(call, index);
      if (isWrite(call)) return turns.share(names, names, () => write(call));
      if (isTableChange(call) && name !== undefined) {
        return turns.own(name, async () => {
          const answer = await database(call);
          await forget(name);
          return answer;
        });
      }
      return database(call);
    },
    stop() {
      for (const made of pastTables.values()) made.then(endCopying, () => {});
    },
  };
}

function endCopying({ pending }: PastTable): void {
  for (const cancel of pending) cancel();
  pending.clear();
}
