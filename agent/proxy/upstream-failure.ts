import type { ForwardResult } from '../forward.ts';
import { describeError, errorCode } from '../network-error.ts';

/** Errors of connecting: the request never left. */
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT)$|CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/** What Node refuses to send: a method, header or path with characters that HTTP does not have there. */
const REFUSED = /^ERR_(INVALID_CHAR|INVALID_HTTP_TOKEN|UNESCAPED_CHARACTERS|HTTP_INVALID_HEADER_VALUE)$/;

/** The one place where Node's errors become ours. */
export function failureOf(error: unknown, authority: string): ForwardResult {
  const code = errorCode(error);
  const what = describeError(error);
  if (REFUSED.test(code)) return { kind: 'failed', code: 'invalid_request', message: `it cannot be sent: ${what}` };
  if (UNREACHABLE.test(code)) {
    return { kind: 'failed', code: 'upstream_unreachable', message: `nothing answers on ${authority} (${what})` };
  }
  return { kind: 'failed', code: 'upstream_failed', message: `${authority} broke off before its answer (${what})` };
}
