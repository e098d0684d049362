import { type Answer, type Call, callOf, isObject, type JsonObject, textOf, validationFailure } from './database.ts';
import { readCondition } from './read-condition.ts';
import { writeCondition } from './write-condition.ts';

/**
 * DynamoDB's limits of one expression: its characters, its operators and functions, and the operands of one IN. All
 * messages are those of DynamoDB Local.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
 */
const MOST = { characters: 4_096, operators: 300, operands: 100 };

const CONDITIONS = ['ConditionExpression', 'KeyConditionExpression', 'FilterExpression'] as const;

/** What DynamoDB says of one expression, or the expression as dynalite may have it. */
type Ruling = { readonly refused: string } | { readonly text: string };

/**
 * Holds expressions to DynamoDB's limits, of which dynalite knows none, and sees to it that dynalite reads any other in a
 * moment: it answers in the thread of the whole emulator.
 * @returns the answer that refuses the call, or the call for dynalite
 */
export function withinLimits(call: Call): Answer | Call {
  const { input } = call;
  const tables = isObject(input.RequestItems) ? Object.values(input.RequestItems).filter(isObject) : [];
  const refused = [input, ...tables].flatMap((given) => ofOther(given))[0];
  if (refused !== undefined) return validationFailure(refused);
  const written: Record<string, string> = {};
  for (const name of CONDITIONS) {
    const text = textOf(input[name]);
    if (text === undefined) continue;
    const ruling = ofCondition(text);
    if ('refused' in ruling) return validationFailure(`Invalid ${name}: ${ruling.refused}`);
    if (ruling.text !== text) written[name] = ruling.text;
  }
  return Object.keys(written).length === 0 ? call : callOf(call.operation, { ...input, ...written });
}

/** What refuses an update or a projection, which dynalite reads in one go. */
function ofOther({ UpdateExpression, ProjectionExpression }: JsonObject): string[] {
  const update = textOf(UpdateExpression) ?? '';
  const projection = textOf(ProjectionExpression) ?? '';
  if (update.length > MOST.characters) return [`Invalid UpdateExpression: ${TOO_LONG}`];
  const operators = update.match(/[+-]|\w\s*\(/g)?.length ?? 0;
  if (operators > MOST.operators) return [`Invalid UpdateExpression: ${TOO_MANY_OPERATORS}`];
  return projection.length > MOST.characters ? [`Invalid ProjectionExpression: ${TOO_LONG}`] : [];
}

function ofCondition(text: string): Ruling {
  if (text.length > MOST.characters) return { refused: `${TOO_LONG} expression size: ${text.length}` };
  if (text === '') return { text };
  const read = readCondition(text);
  if (read.kind === 'malformed') return { refused: read.message };
  if (read.redundant) return { refused: 'The expression has redundant parentheses;' };
  if (read.operands > MOST.operands) {
    return { refused: `The IN operator is provided with too many operands; number of operands: ${read.operands}` };
  }
  if (read.operators > MOST.operators) return { refused: TOO_MANY_OPERATORS };
  return { text: isHardToRead(text) ? writeCondition(read.condition) : text };
}

/** Parentheses inside parentheses, of a function or not, take dynalite long; what is negated twice it does not know. */
function isHardToRead(text: string): boolean {
  return /\([^)]*\(|\bNOT\s+NOT\b/i.test(text);
}

const TOO_LONG = 'Expression size has exceeded the maximum allowed size;';
/** DynamoDB stops counting here. */
const TOO_MANY_OPERATORS = `The expression contains too many operators; operator count: ${MOST.operators + 1}`;
