import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Switches } from './switches.ts';

const DIGITS = /^[0-9]{3}$/;

/** A function's result as JSON means it; `undefined` when its text is no JSON at all. */
export function parseResult(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

/** Whether a result is an object, and so may be a proxy response. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The status a proxy response asks for: a whole number from 200 to 599, else nothing (HR-04, WS-05). */
export function statusOf(
  result: Readonly<Record<string, unknown>>,
  { stringStatusCode }: Pick<Switches, 'stringStatusCode'>,
): number | undefined {
  const given = result.statusCode;
  const status = stringStatusCode && typeof given === 'string' && DIGITS.test(given) ? Number(given) : given;
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

/** Whether a header that a function asks for can stand in a message: no line breaks, no characters beyond Latin-1. */
export function isSendableHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
