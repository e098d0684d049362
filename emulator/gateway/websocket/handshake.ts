import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isRecord, isSendableHeader, parseResult, statusOf } from '../function-result.ts';
import type { Outcome } from '../integration.ts';
import type { Switches } from '../switches.ts';

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const SUBPROTOCOL = 'sec-websocket-protocol';

/** Whether a handshake goes on, and the sub-protocol that `$connect` chose; the gateway negotiates none itself (WS-13). */
export type Verdict = { readonly accepted: true; readonly subprotocol?: string } | Refusal;

export interface Refusal {
  readonly accepted: false;
  readonly status: number;
  readonly message: string;
  /** What was wrong with the function's result, for the log. */
  readonly fault?: string;
}

/** What is wrong with an upgrade request as such (RFC 6455, 4.2.1), before any route is looked at. */
export function malformedHandshake({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'GET') return refused(405, 'Method Not Allowed');
  if (headers.upgrade?.toLowerCase() !== 'websocket') return refused(400, 'Bad Request');
  if (headers['sec-websocket-version'] !== '13') return refused(426, 'Upgrade Required');
  return KEY.test(headers['sec-websocket-key'] ?? '') ? undefined : refused(400, 'Bad Request');
}

/** What the outcome of `$connect` means for the client. The body of its result reaches nobody (WS-02 to WS-06, WS-10). */
export function judgeConnect(
  outcome: Outcome,
  switches: Pick<Switches, 'connectTimeoutStatus' | 'stringStatusCode'>,
): Verdict {
  switch (outcome.kind) {
    case 'returned':
      return judgeResult(parseResult(outcome.payload), switches);
    case 'forbidden':
      return refused(500, 'Internal server error');
    case 'timed-out':
      return refused(switches.connectTimeoutStatus, 'Endpoint request timed out');
    case 'failed':
    case 'throttled':
    case 'event-too-large':
    case 'not-found':
      return refused(502, 'Internal server error');
  }
}

/**
 * Answers a refused handshake and lets the socket go.
 * @param body JSON text; none leaves the answer empty (WS-04)
 */
export function refuseHandshake(socket: Duplex, status: number, body = ''): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    ...(body === '' ? [] : ['Content-Type: application/json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function judgeResult(result: unknown, switches: Pick<Switches, 'stringStatusCode'>): Verdict {
  const status = isRecord(result) ? statusOf(result, switches) : undefined;
  if (!isRecord(result) || status === undefined) return unusable('no usable statusCode');
  if (status >= 300) return refused(status, STATUS_CODES[status] ?? 'Forbidden');
  const subprotocol = subprotocolOf(result.headers);
  return subprotocol === undefined || isSendableHeader(SUBPROTOCOL, subprotocol)
    ? { accepted: true, subprotocol }
    : unusable('a Sec-WebSocket-Protocol that cannot be sent');
}

function unusable(fault: string): Refusal {
  return { ...refused(502, 'Internal server error'), fault };
}

function subprotocolOf(headers: unknown): string | undefined {
  const entries = isRecord(headers) ? Object.entries(headers) : [];
  const value = entries.find(([name]) => name.toLowerCase() === SUBPROTOCOL)?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** A refusal in the gateway's own words. */
export function refused(status: number, message: string): Refusal {
  return { accepted: false, status, message };
}
