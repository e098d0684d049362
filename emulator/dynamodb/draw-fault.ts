import { type Random, strikes } from '../stack/random.ts';
import { type Answer, type Call, failure, isObject, type JsonObject } from './database.ts';
import type { DatabaseFaults } from './faults.ts';
import { isWrite, tablesOf } from './operation.ts';
import type { TableCatalogue } from './table-catalogue.ts';

/** What a call meets: a failure instead of its answer, or a batch of which a part is left undone. */
export type DrawnFault =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'failed';
      readonly answer: Answer;
      /** True when the call takes effect all the same: after a 500 nobody knows whether something was written. */
      readonly carriedOut: boolean;
      readonly cause: string;
    }
  | { readonly kind: 'partly'; readonly input: JsonObject; readonly undone: JsonObject; readonly cause: string };

type Rates = Pick<DatabaseFaults, 'databaseErrorRate' | 'databaseThrottleRate'>;

const NONE: DrawnFault = { kind: 'none' };
const NAMESPACE = 'com.amazonaws.dynamodb.v20120810#';
const INTERNAL_ERROR = failure(`${NAMESPACE}InternalServerError`, 'Internal server error', 500);
const PROVISIONED = failure(
  `${NAMESPACE}ProvisionedThroughputExceededException`,
  'The level of configured provisioned throughput for the table was exceeded. ' +
    'Consider increasing your provisioning level with the UpdateTable API.',
);
const ON_DEMAND = failure(
  `${NAMESPACE}ThrottlingException`,
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index ' +
    'so please try again shortly. If exceptions persist, check if you have a hot key: ' +
    'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html',
);

/** Operations on items: those on tables are not billed, and have limits of their own. */
const ON_ITEMS = /^(Get|Put|Update|Delete|BatchGet|BatchWrite|TransactGet|TransactWrite)Items?$|^(Query|Scan)$/;

/**
 * Draws what goes wrong with a call, each of a batch's items for itself (DD-09).
 * @param catalogue says who is throttled how: by ThrottlingException where billing is on demand
 */
export async function drawFault(
  call: Call,
  { databaseErrorRate, databaseThrottleRate }: Rates,
  random: Random,
  catalogue: TableCatalogue,
): Promise<DrawnFault> {
  if (!ON_ITEMS.test(call.operation)) return NONE;
  if (strikes(databaseErrorRate, random)) {
    const carriedOut = isWrite(call) && random() < 0.5;
    const cause = `InternalServerError${carriedOut ? ', although it was written' : ''} (databaseErrorRate)`;
    return { kind: 'failed', answer: INTERNAL_ERROR, carriedOut, cause };
  }
  const throttled = () => strikes(databaseThrottleRate, random);
  const { RequestItems } = call.input;
  if (isObject(RequestItems)) {
    const { done, undone, count } = partBatch(RequestItems, throttled);
    if (count === 0) return NONE;
    const cause = `${count} of its items throttled (databaseThrottleRate)`;
    if (Object.keys(done).length > 0) {
      return { kind: 'partly', input: { ...call.input, RequestItems: done }, undone, cause };
    }
  } else if (!throttled()) {
    return NONE;
  }
  const [table = ''] = tablesOf(call);
  const onDemand = (await catalogue.find(table))?.onDemand === true;
  const cause = `${onDemand ? 'ThrottlingException' : 'ProvisionedThroughputExceededException'} (databaseThrottleRate)`;
  return { kind: 'failed', answer: onDemand ? ON_DEMAND : PROVISIONED, carriedOut: false, cause };
}

/** A batch by table: what is done and what is not. Reads list their keys below `Keys`, writes are a list themselves. */
function partBatch(batch: JsonObject, throttled: () => boolean) {
  const done: Record<string, unknown> = {};
  const undone: Record<string, unknown> = {};
  let count = 0;
  for (const [table, request] of Object.entries(batch)) {
    const keys = isObject(request) ? request.Keys : request;
    const parts = { done: [] as unknown[], undone: [] as unknown[] };
    for (const one of Array.isArray(keys) ? keys : []) (throttled() ? parts.undone : parts.done).push(one);
    const again = (list: unknown[]) => (isObject(request) ? { ...request, Keys: list } : list);
    if (parts.done.length > 0 || parts.undone.length === 0) {
      done[table] = parts.undone.length === 0 ? request : again(parts.done);
    }
    if (parts.undone.length > 0) undone[table] = again(parts.undone);
    count += parts.undone.length;
  }
  return { done, undone, count };
}
