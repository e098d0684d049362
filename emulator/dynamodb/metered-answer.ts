import type { TableUnits } from '../meter/metering.ts';
import {
  type Answer,
  answerOf,
  bodyOf,
  type Call,
  callOf,
  errorTypeOf,
  isObject,
  type JsonObject,
} from './database.ts';
import { sizeOfItem } from './item-size.ts';
import { isWrite } from './operation.ts';

const NAME = '"ConsumedCapacity":';
/** One table's units or several tables'; nothing in there is nested deeper, since only the sum was asked for. */
const TOTAL = /^"ConsumedCapacity":(\{[^{}[\]]*\}|\[(?:\{[^{}[\]]*\},?)*\]),?/;

/** Operations that take ReturnConsumedCapacity. */
const METERED = new Set([
  ...['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'],
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'],
]);

function asksForUnits({ input: { ReturnConsumedCapacity = 'NONE' } }: Call): boolean {
  return ReturnConsumedCapacity !== 'NONE';
}

/** The same call, with the question what it consumes where it does not ask that itself. */
export function askingForUnits(call: Call): Call {
  if (!METERED.has(call.operation) || asksForUnits(call)) return call;
  if (call.input.ReturnConsumedCapacity !== undefined) {
    return callOf(call.operation, { ...call.input, ReturnConsumedCapacity: 'TOTAL' });
  }
  const end = call.text.lastIndexOf('}');
  const comma = Object.keys(call.input).length > 0 ? ',' : '';
  return {
    operation: call.operation,
    input: { ...call.input, ReturnConsumedCapacity: 'TOTAL' },
    // The text may hold a whole body: it is not written anew.
    text: `${call.text.slice(0, end)}${comma}"ReturnConsumedCapacity":"TOTAL"}`,
  };
}

/**
 * What a call consumed, and the answer as the caller asked for it.
 * @param call as it came
 * @param answer to `askingForUnits(call)`
 */
export function readUnits(call: Call, answer: Answer): { readonly units: TableUnits; readonly answer: Answer } {
  if (!METERED.has(call.operation)) return { units: { read: 0, write: 0 }, answer };
  if (answer.status !== 200) return { units: unitsOfFailure(call, answer), answer };
  const asked = asksForUnits(call);
  const cut = asked ? undefined : cutOut(answer.text);
  if (cut !== undefined) {
    return { units: unitsOf(call, cut.consumed), answer: { status: answer.status, text: cut.rest } };
  }
  const { ConsumedCapacity, ...rest } = bodyOf(answer);
  const units = unitsOf(call, ConsumedCapacity);
  return { units, answer: asked ? answer : answerOf(answer.status, rest) };
}

/**
 * Takes the consumed capacity out of an answer's text, without reading the items beside it.
 * @returns undefined where its name stands there more than once, as an attribute's too
 */
function cutOut(text: string): { readonly consumed: unknown; readonly rest: string } | undefined {
  const at = text.indexOf(NAME);
  if (at < 0 || text.indexOf(NAME, at + 1) >= 0) return undefined;
  const found = TOTAL.exec(text.slice(at, at + 2_048));
  if (found?.[1] === undefined) return undefined;
  const before = text.slice(0, at);
  const after = text.slice(at + found[0].length);
  // Where it was the last field, the comma before it is one too many.
  const rest = after.startsWith('}') && before.endsWith(',') ? `${before.slice(0, -1)}${after}` : `${before}${after}`;
  return { consumed: JSON.parse(found[1]), rest };
}

function unitsOf(call: Call, consumed: unknown): TableUnits {
  const tables = (Array.isArray(consumed) ? consumed : [consumed]).filter(isObject);
  const total = tables.reduce((sum, { CapacityUnits }) => sum + (Number(CapacityUnits) || 0), 0);
  return isWrite(call) ? { read: 0, write: total } : { read: total, write: 0 };
}

/** A condition that does not hold costs what the write would have; every other failure costs nothing (DD-07). */
function unitsOfFailure({ input }: Call, answer: Answer): TableUnits {
  if (errorTypeOf(bodyOf(answer)) !== 'ConditionalCheckFailedException') return { read: 0, write: 0 };
  const item = isObject(input.Item) ? input.Item : {};
  return { read: 0, write: Math.max(1, Math.ceil(sizeOfItem(item as JsonObject) / 1_024)) };
}
