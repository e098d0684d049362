import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** @throws where the attribute is missing or of another type: only we write these tables */
export function string(item: Record<string, AttributeValue>, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new Error(`the item has no string "${name}"`);
  return value;
}

/** @throws as {@link string} does */
export function number(item: Record<string, AttributeValue>, name: string): number {
  const value = item[name]?.N;
  if (value === undefined) throw new Error(`the item has no number "${name}"`);
  return Number(value);
}

/** @throws as {@link string} does */
export function bytes(item: Record<string, AttributeValue>, name: string): Uint8Array {
  const value = item[name]?.B;
  if (value === undefined) throw new Error(`the item has no bytes "${name}"`);
  return value;
}

/** @see DD-04 */
export function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}
