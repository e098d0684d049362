import type { Log } from '../stack/log.ts';
import type { Table } from '../stack/stack.ts';
import { changeIndexes } from './change-indexes.ts';
import { pricedRead, pricedWrite } from './consumed-capacity.ts';
import {
  type Answer,
  answerOf,
  bodyOf,
  type Call,
  callOf,
  type Database,
  errorTypeOf,
  failure,
  isObject,
  validationFailure,
} from './database.ts';
import { isItemWrite, isTableChange, isWrite, tableName, tablesOf } from './operation.ts';
import { createTableCatalogue, keyOf } from './table-catalogue.ts';
import { createTableTurns } from './table-turns.ts';
import { writtenItems } from './written-items.ts';

/** Operations that dynalite does. */
const SUPPORTED = new Set([
  ...['BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan'],
  ...['CreateTable', 'UpdateTable', 'DeleteTable', 'DescribeTable', 'ListTables', 'DescribeTimeToLive'],
  ...['TagResource', 'UntagResource', 'ListTagsOfResource'],
]);

/**
 * Adds to dynalite what it leaves out in silence: the item of a failed condition (DD-04), a rule of DeleteItem (DD-05),
 * indexes that come and go (DD-08), units (DD-07), and that no Scan of an index is consistent (DD-01). What it cannot do at all is refused by name.
 * @param tables of the template, some of which have a time to live that dynalite knows nothing of
 */
export function completeEmbedded(database: Database, tables: readonly Table[], log: Log): Database {
  const catalogue = createTableCatalogue(database);
  const turns = createTableTurns();

  /** The item that a condition failed on, which nobody can have changed yet. */
  async function withFailedItem(call: Call, answer: Answer): Promise<Answer> {
    const body = bodyOf(answer);
    if (errorTypeOf(body) !== 'ConditionalCheckFailedException') return answer;
    const table = await catalogue.find(tableName(call.input.TableName));
    const given = call.input.Key ?? call.input.Item;
    if (table === undefined || !isObject(given)) return answer;
    const read = { TableName: table.name, Key: keyOf(table, given), ConsistentRead: true };
    const { Item } = bodyOf(await database(callOf('GetItem', read)));
    return Item === undefined ? answer : answerOf(answer.status, { ...body, Item });
  }

  async function read(call: Call, table: string | undefined): Promise<Answer> {
    const { IndexName, ConsistentRead } = call.input;
    // dynalite lets a Scan do what it forbids to a Query.
    if (call.operation === 'Scan' && ConsistentRead === true && table !== undefined && IndexName !== undefined) {
      const isGlobal = (await catalogue.find(table))?.globalIndexes.has(String(IndexName));
      if (isGlobal) return validationFailure('Consistent reads are not supported on global secondary indexes');
    }
    return pricedRead(call, await turns.share(tablesOf(call), [], () => database(call)));
  }

  /** Counts the units in the table's indexes, which takes the item before and after; nobody else writes it meanwhile. */
  async function writePriced(call: Call): Promise<Answer> {
    const { TableName, ReturnConsumedCapacity: asked = 'NONE', Item, Key } = call.input;
    const table = asked === 'NONE' || !isItemWrite(call) ? undefined : await catalogue.find(tableName(TableName));
    const given = Item ?? Key;
    if (table === undefined || table.globalIndexes.size === 0 || !isObject(given)) return database(call);
    const look = async () => {
      const { Item: found } = bodyOf(
        await database(callOf('GetItem', { TableName: table.name, Key: keyOf(table, given), ConsistentRead: true })),
      );
      return isObject(found) ? found : undefined;
    };
    const before = await look();
    const answer = await database(call);
    return pricedWrite(call, answer, table, before, await look());
  }

  async function write(call: Call): Promise<Answer> {
    const { ReturnValuesOnConditionCheckFailure: wanted, ReturnValues = 'NONE' } = call.input;
    if (call.operation === 'DeleteItem' && ReturnValues !== 'NONE' && ReturnValues !== 'ALL_OLD') {
      return validationFailure('ReturnValues can only be ALL_OLD or NONE');
    }
    if (!isItemWrite(call) || wanted === undefined) return writePriced(call);
    if (wanted !== 'ALL_OLD' && wanted !== 'NONE') return badReturnValues(wanted);
    const answer = await writePriced(call);
    return wanted === 'ALL_OLD' && answer.status === 400 ? withFailedItem(call, answer) : answer;
  }

  /** A lane for each item that a call writes. */
  async function lanesOf(call: Call): Promise<string[]> {
    const lanes = writtenItems(call).map(async ({ table, item }) => {
      const found = await catalogue.find(table);
      return found === undefined ? table : `${table} ${JSON.stringify(keyOf(found, item))}`;
    });
    return Promise.all(lanes);
  }

  async function changeTable(call: Call, table: string): Promise<Answer> {
    const found = call.operation === 'UpdateTable' ? await catalogue.find(table) : undefined;
    try {
      const changed = found === undefined ? undefined : await changeIndexes(database, found, call.input);
      return changed ?? (await database(call));
    } finally {
      catalogue.forget(table);
    }
  }

  return async (call) => {
    const { operation } = call;
    if (!SUPPORTED.has(operation)) {
      log({ level: 'warn', source: 'dynamodb', message: `${operation} refused: ${NOT_EMBEDDED}` });
      return failure('com.amazon.coral.service#UnknownOperationException', `${operation}: ${NOT_EMBEDDED}`);
    }
    const names = tablesOf(call);
    const [table] = names;
    const AttributeName = tables.find(({ name }) => name === table)?.ttlAttribute;
    if (operation === 'DescribeTimeToLive' && AttributeName !== undefined) {
      return answerOf(200, { TimeToLiveDescription: { AttributeName, TimeToLiveStatus: 'ENABLED' } });
    }
    if (isTableChange(call) && table !== undefined) return turns.own(table, () => changeTable(call, table));
    if (isWrite(call)) return turns.share(names, await lanesOf(call), () => write(call));
    return read(call, table);
  };
}

const NOT_EMBEDDED =
  'the embedded database cannot do this. Run the stack on the real DynamoDB Local (dynamodb: local) or give the URL of one.';

function badReturnValues(given: unknown): Answer {
  return validationFailure(
    `1 validation error detected: Value '${given}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: ` +
      'Member must satisfy enum value set: [ALL_OLD, NONE]',
  );
}
