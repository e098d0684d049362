export type JsonObject = Readonly<Record<string, unknown>>;

/** One operation asked of a database: what DynamoDB's JSON protocol carries, without the wire. */
export interface Call {
  /** `PutItem` */
  readonly operation: string;
  readonly input: JsonObject;
  /** `input` as JSON, as it came. */
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly text: string;
}

/** Whatever answers calls: a database, or something in front of one. Rejects only when it cannot be reached or is broken. */
export type Database = (call: Call) => Promise<Answer>;

export function callOf(operation: string, input: JsonObject): Call {
  return { operation, input, text: JSON.stringify(input) };
}

export function answerOf(status: number, body: object): Answer {
  return { status, text: JSON.stringify(body) };
}

/** @param type with its namespace: `com.amazonaws.dynamodb.v20120810#InternalServerError` */
export function failure(type: string, message: string, status = 400): Answer {
  return answerOf(status, { __type: type, message });
}

export function validationFailure(message: string): Answer {
  return failure('com.amazon.coral.validate#ValidationException', message);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; nothing where there is no list. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** An answer's JSON; an empty object for anything that is none. */
export function bodyOf({ text }: Answer): JsonObject {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : {};
  } catch {
    return {};
  }
}

/** `ResourceInUseException` and the like. */
export function errorTypeOf(body: JsonObject): string {
  return String(body.__type ?? '').replace(/^.*#/, '');
}

/**
 * A call that ought to succeed.
 * @throws Error with the type and the message of what the database said instead
 */
export async function ask(database: Database, operation: string, input: JsonObject): Promise<JsonObject> {
  const answer = await database(callOf(operation, input));
  const body = bodyOf(answer);
  if (answer.status === 200) return body;
  throw new Error(`DynamoDB refused ${operation}: ${errorTypeOf(body)} ${body.message ?? ''}`);
}
