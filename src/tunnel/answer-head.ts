import type { HeaderPair } from '../protocol/messages.ts';
import { responseHeaders } from './forwarded-headers.ts';
import type { Failure } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type { AnswerPiece } from './ports.ts';

export type HeadPiece = Extract<AnswerPiece, { kind: 'head' }>;

/** What a visitor gets of an answer before its body, or why that cannot be: agents are not trusted to send HTTP. */
export function readHead({
  status,
  headers,
}: HeadPiece): { readonly kind: 'head'; readonly status: number; readonly headers: readonly HeaderPair[] } | Failure {
  if (status < 200 || status > 599) return failure('upstream_failed', `status ${status}`);
  if (!headers.every(isHeader)) return failure('upstream_failed', 'a header that HTTP cannot carry');
  return { kind: 'head', status, headers: responseHeaders(headers) };
}

/** A token and a value of visible bytes, as RFC 9110 has them; the gateway fails on anything else. */
function isHeader([name, value]: HeaderPair): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
