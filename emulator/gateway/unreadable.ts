import { type ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayContext } from './context.ts';

/** What never became a request: the answer to it, and what the log says. */
interface Unreadable {
  /** Absent where there is nobody to answer, as before TLS stands. */
  readonly status?: number;
  readonly note: string;
  readonly behaviour?: string;
}

/**
 * For an HTTP server's `clientError`: answers what Node's own parser refuses, and says so.
 * @param answerOf the answer that is under way on a connection, if any
 */
export function createUnreadable(
  { log, switches }: Pick<GatewayContext, 'log' | 'switches'>,
  answerOf: (socket: Duplex) => ServerResponse | undefined,
): (error: Error & { code?: string }, socket: Duplex) => void {
  return (error, socket) => {
    const unreadable = judge(error, switches.headerLimitStatus);
    const answer = answerOf(socket);
    const underWay = answer !== undefined && !answer.writableFinished;
    const begun = underWay && answer.headersSent;
    const status = begun || !socket.writable ? undefined : unreadable?.status;
    if (unreadable && !isNoNews(error, socket, underWay)) {
      const { note, behaviour } = unreadable;
      const end = status === undefined ? 'its connection was cut' : `answered ${status}`;
      const message = `a request could not be read: ${note}; ${end}, no function was invoked`;
      log({ level: 'warn', source: 'gateway', message, behaviour });
    }
    if (status !== undefined) {
      const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Content-Length: 0', 'Connection: close'];
      socket.end(`${head.join('\r\n')}\r\n\r\n`, () => socket.destroy());
    } else {
      socket.destroy();
    }
  };
}

/** Of a request that its client gave up in mid-body there is a line already; browsers connect in advance and send nothing. */
function isNoNews({ code }: { code?: string }, socket: Duplex, underWay: boolean): boolean {
  return (
    (code === 'HPE_INVALID_EOF_STATE' && underWay) ||
    (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket instanceof Socket && socket.bytesRead === 0)
  );
}

/** @returns nothing for a client that just left */
function judge({ code = '', message }: Error & { code?: string }, headerLimitStatus: number): Unreadable | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: headerLimitStatus, note: 'its headers are far over the limit', behaviour: 'HA-22' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, note: 'its chunks have extensions over the limit' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, note: 'it took too long to come (quotas headersMs and requestMs)' };
    case 'HPE_INVALID_EOF_STATE':
      return { status: 400, note: 'its connection ended in mid-request' };
  }
  if (code.startsWith('HPE_')) return { status: 400, note: `it is no HTTP (${code}: ${message})` };
  return code.startsWith('ERR_SSL') ? { note: `no TLS came about (${code}: ${message})` } : undefined;
}
