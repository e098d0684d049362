import { isObject, type JsonObject } from './database.ts';

/** Bytes of a list's or map's own, and of each of its elements. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/** Bytes that an item counts for: names and values of its attributes (DD-06, DD-07). */
export function sizeOfItem(item: JsonObject): number {
  return sum(Object.entries(item), ([name, value]) => Buffer.byteLength(name) + sizeOfValue(value));
}

/** @param value as DynamoDB's JSON has it: `{ S: 'text' }` */
function sizeOfValue(value: unknown): number {
  const [type, content] = isObject(value) ? (Object.entries(value)[0] ?? []) : [];
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'N':
      return sizeOfNumber(String(content));
    case 'B':
      return Buffer.byteLength(String(content), 'base64');
    case 'SS':
      return sum(listOf(content), (text) => Buffer.byteLength(String(text)));
    case 'NS':
      return sum(listOf(content), (text) => sizeOfNumber(String(text)));
    case 'BS':
      return sum(listOf(content), (text) => Buffer.byteLength(String(text), 'base64'));
    case 'L':
      return CONTAINER_BYTES + sum(listOf(content), (element) => ELEMENT_BYTES + sizeOfValue(element));
    case 'M': {
      const elements = Object.entries(isObject(content) ? content : {});
      return (
        CONTAINER_BYTES +
        sum(elements, ([name, element]) => ELEMENT_BYTES + Buffer.byteLength(name) + sizeOfValue(element))
      );
    }
    default:
      return 1; // BOOL and NULL
  }
}

/** A byte for two significant digits, and one more. */
function sizeOfNumber(text: string): number {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

function listOf(content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [];
}

function sum<T>(values: readonly T[], size: (value: T) => number): number {
  return values.reduce((total, value) => total + size(value), 0);
}
