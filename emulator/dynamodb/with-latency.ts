import type { Latency } from '../latency/latency.ts';
import type { Step } from '../latency/steps.ts';
import type { Call } from './database.ts';
import type { AnswerTo } from './with-faults.ts';

const STEPS: Readonly<Record<string, Step>> = {
  GetItem: 'getItem',
  PutItem: 'putItem',
  UpdateItem: 'updateItem',
  DeleteItem: 'deleteItem',
  Query: 'query',
  Scan: 'scan',
  BatchGetItem: 'batch',
  BatchWriteItem: 'batch',
  TransactGetItems: 'transaction',
  TransactWriteItems: 'transaction',
};

/** Makes calls take their time before they are carried out; those that manage tables take none. */
export function withLatency(answer: AnswerTo, latency: Latency): AnswerTo {
  return async (call, caller) => {
    const step = stepOf(call);
    if (step !== undefined) await latency.wait(step);
    return answer(call, caller);
  };
}

function stepOf({ operation, input }: Call): Step | undefined {
  return operation === 'Query' && input.IndexName !== undefined ? 'indexQuery' : STEPS[operation];
}
