import type { Log } from '../stack/log.ts';
import type { Table } from '../stack/stack.ts';
import { changeIndexes } from './change-indexes.ts';
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
 * indexes that come and go (DD-08), the price of an empty read (DD-07). What it cannot do at all is refused by name.
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

  async function write(call: Call): Promise<Answer> {
    const { ReturnValuesOnConditionCheckFailure: wanted, ReturnValues = 'NONE' } = call.input;
    if (call.operation === 'DeleteItem' && ReturnValues !== 'NONE' && ReturnValues !== 'ALL_OLD') {
      return validationFailure('ReturnValues can only be ALL_OLD or NONE');
    }
    if (!isItemWrite(call) || wanted === undefined) return database(call);
    if (wanted !== 'ALL_OLD' && wanted !== 'NONE') return badReturnValues(wanted);
    const answer = await database(call);
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
    return pricedIfEmpty(call, await turns.share(names, [], () => database(call)));
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

/** A read that finds nothing costs as much as one that finds a little (DD-07); dynalite says nothing at all. */
function pricedIfEmpty({ operation, input }: Call, answer: Answer): Answer {
  if (operation !== 'Query' && operation !== 'Scan') return answer;
  if (input.ReturnConsumedCapacity === undefined || answer.status !== 200) return answer;
  const body = bodyOf(answer);
  const { ConsumedCapacity: consumed } = body;
  if (!isObject(consumed) || consumed.CapacityUnits !== 0) return answer;
  const CapacityUnits = input.ConsistentRead === true ? 1 : 0.5;
  const isTable = input.IndexName === undefined && consumed.Table !== undefined;
  const priced = { ...consumed, CapacityUnits, ...(isTable && { Table: { CapacityUnits } }) };
  return answerOf(answer.status, { ...body, ConsumedCapacity: priced });
}
