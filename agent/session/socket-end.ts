import type { SocketEnd } from './socket.ts';
import type { Retry } from './states.ts';

/** What the session makes of a connection's end: a reason for the person, and whether to try again. */
export function judgeEnd(end: SocketEnd): { readonly why: string; readonly retry: Retry } {
  switch (end.kind) {
    case 'rejected':
      return { why: `the edge answered the handshake with ${end.status}`, retry: judgeStatus(end.status) };
    case 'failed':
      return { why: end.message, retry: FUTILE_ERROR.test(end.code) ? 'futile' : 'worthwhile' };
    case 'closed':
      return { why: `the connection was closed (${[end.code, end.reason].join(' ').trim()})`, retry: 'worthwhile' };
  }
}

function judgeStatus(status: number): Retry {
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 429) return 'later';
  if (status === 408) return 'worthwhile';
  return status < 500 ? 'futile' : 'worthwhile';
}

/** Certificates that are not trusted, and peers that speak no TLS or no HTTP: they will be so in a second, too. */
const FUTILE_ERROR = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^EPROTO$|^ERR_SSL|^ERR_TLS|^HPE_/;
