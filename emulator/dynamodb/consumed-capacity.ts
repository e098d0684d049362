import { type Answer, answerOf, bodyOf, type Call, isObject, type JsonObject, objectsIn, textOf } from './database.ts';
import { sizeOfItem } from './item-size.ts';
import type { TableFacts } from './table-catalogue.ts';

/** Bytes that one unit of a write pays for (DD-07). */
const WRITE_UNIT_BYTES = 1_024;

/** The read units that dynalite gets wrong: none for a read that finds nothing, half of those of a consistent Scan (DD-07). */
export function pricedRead({ operation, input }: Call, answer: Answer): Answer {
  if ((operation !== 'Query' && operation !== 'Scan') || answer.status !== 200) return answer;
  const body = bodyOf(answer);
  const { ConsumedCapacity: consumed } = body;
  if (!isObject(consumed)) return answer;
  const consistent = input.ConsistentRead === true;
  const told = Number(consumed.CapacityUnits);
  const doubled = operation === 'Scan' && consistent ? 2 * told : told;
  const CapacityUnits = told === 0 ? (consistent ? 1 : 0.5) : doubled;
  const isTable = input.IndexName === undefined && consumed.Table !== undefined;
  const priced = { ...consumed, CapacityUnits, ...(isTable && { Table: { CapacityUnits } }) };
  return answerOf(answer.status, { ...body, ConsumedCapacity: priced });
}

/**
 * Adds what a write costs in the table's indexes: a unit for each started KB of each entry that is put, changed or taken
 * out; an entry whose key changes is both (DD-07).
 * @param before the item as it was; undefined where there was none
 * @param after as it is now
 */
export function pricedWrite(
  { input }: Call,
  answer: Answer,
  table: TableFacts,
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): Answer {
  const body = bodyOf(answer);
  const { ConsumedCapacity: consumed } = body;
  if (answer.status !== 200 || !isObject(consumed)) return answer;
  const units = objectsIn(table.description.GlobalSecondaryIndexes).flatMap((index): [string, number][] => {
    const cost = indexCost(entryOf(index, table, before), entryOf(index, table, after));
    return cost === 0 ? [] : [[textOf(index.IndexName) ?? '', cost]];
  });
  const total = units.reduce((sum, [, cost]) => sum + cost, Number(consumed.CapacityUnits));
  const each = Object.fromEntries(units.map(([name, CapacityUnits]) => [name, { CapacityUnits }]));
  const listed = input.ReturnConsumedCapacity === 'INDEXES' && units.length > 0;
  const priced = { ...consumed, CapacityUnits: total, ...(listed && { GlobalSecondaryIndexes: each }) };
  return answerOf(answer.status, { ...body, ConsumedCapacity: priced });
}

/** An item as an index holds it. */
interface Entry {
  /** Its key in the index, as text. */
  readonly key: string;
  readonly attributes: JsonObject;
}

/** Undefined where the item lacks an attribute of the index's key: then it is not in it. */
function entryOf(index: JsonObject, table: TableFacts, item: JsonObject | undefined): Entry | undefined {
  const names = objectsIn(index.KeySchema).map(({ AttributeName }) => textOf(AttributeName) ?? '');
  if (item === undefined || names.some((name) => item[name] === undefined)) return undefined;
  const projection = isObject(index.Projection) ? index.Projection : {};
  const further = Array.isArray(projection.NonKeyAttributes) ? projection.NonKeyAttributes.map(String) : [];
  const kept = new Set([...names, ...table.keyNames, ...further]);
  const whole = projection.ProjectionType === 'ALL';
  const attributes = Object.entries(item)
    .filter(([name]) => whole || kept.has(name))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return { key: JSON.stringify(names.map((name) => item[name])), attributes: Object.fromEntries(attributes) };
}

function indexCost(before: Entry | undefined, after: Entry | undefined): number {
  if (before === undefined || after === undefined) return unitsOf(before ?? after);
  if (before.key !== after.key) return unitsOf(before) + unitsOf(after);
  if (JSON.stringify(before.attributes) === JSON.stringify(after.attributes)) return 0;
  return Math.max(unitsOf(before), unitsOf(after));
}

function unitsOf(entry: Entry | undefined): number {
  return entry === undefined ? 0 : Math.ceil(sizeOfItem(entry.attributes) / WRITE_UNIT_BYTES);
}
