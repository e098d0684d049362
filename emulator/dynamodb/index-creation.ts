import type { Clock } from '../stack/clock.ts';
import { indexChangesOf, ONE_INDEX_AT_A_TIME } from './change-indexes.ts';
import {
  type Answer,
  answerOf,
  bodyOf,
  type Call,
  type Database,
  isObject,
  type JsonObject,
  objectsIn,
  textOf,
  validationFailure,
} from './database.ts';
import { tableName } from './operation.ts';

/** An index that is still being filled. */
interface Building {
  readonly index: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * New indexes as DynamoDB makes them (DD-08): one change of an UpdateTable and of a table at a time, and an index that can
 * be read only when it is filled. Indexes that come with their table can be read at once.
 * @param createMs how long filling takes
 */
export function withSlowIndexes(database: Database, createMs: number, clock: Clock): Database {
  const building = new Map<string, Building>();

  function buildingOf(table: string): Building | undefined {
    const found = building.get(table);
    if (found !== undefined && clock.now() >= found.until) building.delete(table);
    return building.get(table);
  }

  async function update(call: Call, table: string): Promise<Answer> {
    const [change, ...more] = indexChangesOf(call.input);
    if (change === undefined) return withStatus(await database(call), 'TableDescription', buildingOf(table));
    const current = buildingOf(table);
    const cancels = change.kind === 'Delete' && change.name === current?.index;
    if (more.length > 0 || (current !== undefined && !cancels)) return ONE_INDEX_AT_A_TIME;
    const answer = await database(call);
    if (answer.status !== 200) return answer;
    building.delete(table);
    if (change.kind === 'Delete') return answer;
    const started = { index: change.name, until: clock.now() + createMs };
    if (createMs > 0) building.set(table, started);
    return withStatus(answer, 'TableDescription', buildingOf(table), 'UPDATING');
  }

  return async (call) => {
    const { operation, input } = call;
    const table = tableName(input.TableName);
    switch (operation) {
      case 'UpdateTable':
        return update(call, table);
      case 'Query':
      case 'Scan': {
        const wanted = textOf(input.IndexName);
        if (wanted === undefined || buildingOf(table)?.index !== wanted) return database(call);
        return validationFailure(`Cannot read from backfilling global secondary index: ${wanted}`);
      }
      case 'DescribeTable':
        return withStatus(await database(call), 'Table', buildingOf(table));
      case 'DeleteTable':
        building.delete(table);
        return database(call);
      default:
        return database(call);
    }
  };
}

/** The answer with the status of the index that is being filled. */
function withStatus(answer: Answer, field: string, building: Building | undefined, TableStatus?: string): Answer {
  const body = bodyOf(answer);
  const description = body[field];
  if (building === undefined || !isObject(description)) return answer;
  const statusOf = (index: JsonObject) =>
    index.IndexName === building.index
      ? { ...index, IndexStatus: 'CREATING', Backfilling: TableStatus === undefined }
      : index;
  const shown = {
    ...description,
    ...(TableStatus !== undefined && { TableStatus }),
    GlobalSecondaryIndexes: objectsIn(description.GlobalSecondaryIndexes).map(statusOf),
  };
  return answerOf(answer.status, { ...body, [field]: shown });
}
