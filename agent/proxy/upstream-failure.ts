import type { ForwardResult } from '../forward.ts';
import { describeError, errorCode } from '../network-error.ts';

/** Errors of connecting: the request never left. */
const UNREACHABLE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$|CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/** What undici refuses to send: a header or a path with characters that HTTP does not have, a method like CONNECT. */
const REFUSED = /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED)$/;

/** The one place where undici's and Node's errors become ours. */
export function failureOf(error: unknown, authority: string): ForwardResult {
  const code = errorCode(error);
  const what = describeError(error);
  if (REFUSED.test(code)) return { kind: 'failed', code: 'invalid_request', message: `it cannot be sent: ${what}` };
  if (UNREACHABLE.test(code)) {
    return { kind: 'failed', code: 'upstream_unreachable', message: `nothing answers on ${authority} (${what})` };
  }
  return { kind: 'failed', code: 'upstream_failed', message: `${authority} broke off before its answer (${what})` };
}
