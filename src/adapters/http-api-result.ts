import { isUtf8 } from 'node:buffer';
import type { HeaderPair } from '../protocol/messages.ts';
import type { VisitorResponse } from '../tunnel/ports.ts';

/** The largest result Lambda gives back, as JSON. @see HR-07 */
export const RESULT_BYTES = 6_291_556;

export interface HttpApiResultV2 {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly cookies?: string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpApiResultV1 {
  readonly statusCode: number;
  readonly multiValueHeaders: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export function resultV2({ status, headers, body }: VisitorResponse): HttpApiResultV2 {
  return { ...resultHead(status, headers), ...bodyFields(body, headers) };
}

/** Repeated headers are joined with commas, but for `Set-Cookie`, which has a place of its own. @see HR-08, LA-12 */
export function resultHead(
  status: number,
  headers: readonly HeaderPair[],
): Pick<HttpApiResultV2, 'statusCode' | 'headers' | 'cookies'> {
  const cookies = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  const single: Record<string, string> = Object.create(null);
  for (const [name, values] of Object.entries(grouped(headers))) {
    if (name !== 'set-cookie') single[name] = values.join(', ');
  }
  return { statusCode: status, headers: single, ...(cookies.length > 0 && { cookies }) };
}

/** @see HR-09 */
export function resultV1({ status, headers, body }: VisitorResponse): HttpApiResultV1 {
  return { statusCode: status, multiValueHeaders: grouped(headers), ...bodyFields(body, headers) };
}

/** True when Lambda would refuse to give this back. */
export function tooLarge(result: HttpApiResultV1 | HttpApiResultV2): boolean {
  // Base64 needs no escapes, and text at most six characters for one byte: most answers need no second serialisation.
  const { body, ...head } = result;
  const headBytes = Buffer.byteLength(JSON.stringify(head)) + ',"body":""'.length;
  if (headBytes + body.length * 6 <= RESULT_BYTES) return false;
  return (
    headBytes + (result.isBase64Encoded ? body.length : Buffer.byteLength(JSON.stringify(body)) - 2) > RESULT_BYTES
  );
}

function grouped(headers: readonly HeaderPair[]): Record<string, string[]> {
  const groups: Record<string, string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const values = groups[key];
    if (values) values.push(value);
    else groups[key] = [value];
  }
  return groups;
}

/**
 * Text goes as it is, since base64 costs a third of the 6 MB; anything that is not plainly text goes as base64, and so does
 * text whose escapes cost more than that.
 */
function bodyFields(body: Uint8Array, headers: readonly HeaderPair[]) {
  const text = looksLikeText(headers) ? utf8(body) : undefined;
  return text === undefined || isCheaperAsBase64(text, body.length)
    ? { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'), isBase64Encoded: true }
    : { body: text, isBase64Encoded: false };
}

/** Asked only where it could matter: a byte is six at most as JSON (`\u0000`). */
function isCheaperAsBase64(text: string, bytes: number): boolean {
  return bytes * 6 > RESULT_BYTES && Buffer.byteLength(JSON.stringify(text)) - 2 > Math.ceil(bytes / 3) * 4;
}

function looksLikeText(headers: readonly HeaderPair[]): boolean {
  let type = '';
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === 'content-encoding' && value.toLowerCase() !== 'identity') return false;
    if (key === 'content-type') type = value.toLowerCase();
  }
  return /^text\/|^application\/(?:[\w.+-]*\+)?(?:json|xml)\b|^application\/javascript\b|^image\/svg\+xml\b/.test(type);
}

/** The text these bytes are, if they are UTF-8 to the last one, so that encoding it again gives the same bytes. */
function utf8(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() : undefined;
}
