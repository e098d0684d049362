import type { Log } from '../stack/log.ts';
import type { Random } from '../stack/random.ts';
import {
  type Answer,
  answerOf,
  bodyOf,
  type Call,
  callOf,
  type Database,
  isObject,
  type JsonObject,
} from './database.ts';
import { drawFault } from './draw-fault.ts';
import type { DatabaseFaults } from './faults.ts';
import { isTableChange, tablesOf } from './operation.ts';
import { createTableCatalogue } from './table-catalogue.ts';

export interface FaultOptions {
  readonly faults: DatabaseFaults;
  readonly random: Random;
  readonly log: Log;
}

/** Answers on behalf of a caller, who is named in the log. */
export type AnswerTo = (call: Call, caller: string) => Promise<Answer>;

/** Makes calls fail now and then, as DynamoDB does and no local database (DD-09). */
export function withFaults(database: Database, { faults, random, log }: FaultOptions): AnswerTo {
  const catalogue = createTableCatalogue(database);

  return async (call, caller) => {
    const fault = await drawFault(call, faults, random, catalogue);
    if (fault.kind === 'none') {
      const answer = await database(call);
      if (isTableChange(call)) for (const table of tablesOf(call)) catalogue.forget(table);
      return answer;
    }
    const message = `${call.operation} on ${tablesOf(call).join(', ')} by ${caller}: ${fault.cause}`;
    log({ level: 'warn', source: 'dynamodb', message, behaviour: 'DD-09' });
    if (fault.kind === 'partly') {
      return withUndone(call, await database(callOf(call.operation, fault.input)), fault.undone);
    }
    if (fault.carriedOut) await database(call);
    return fault.answer;
  };
}

function withUndone({ operation }: Call, answer: Answer, undone: JsonObject): Answer {
  if (answer.status !== 200) return answer;
  const field = operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
  const body = bodyOf(answer);
  const already = isObject(body[field]) ? body[field] : {};
  const merged = { ...already };
  for (const [table, request] of Object.entries(undone)) merged[table] = joined(already[table], request);
  return answerOf(answer.status, { ...body, [field]: merged });
}

/** Two parts of one table's batch: lists of writes, or objects with `Keys`. */
function joined(already: unknown, more: unknown): unknown {
  if (Array.isArray(already) && Array.isArray(more)) return [...already, ...more];
  if (isObject(already) && isObject(more)) return { ...more, Keys: joined(already.Keys, more.Keys) };
  return more;
}
