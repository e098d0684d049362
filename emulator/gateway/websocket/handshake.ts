import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isRecord, isSendableHeader, parseResult, statusOf } from '../function-result.ts';
import { describeFailure, type Outcome } from '../integration.ts';
import type { Switches } from '../switches.ts';

const KEY = /^[+/0-9A-Za-z]{22}==$/;
const SUBPROTOCOL = 'sec-websocket-protocol';
/** How much of an unusable result the log shows. */
const LOGGED_CHARACTERS = 200;

/** Whether a handshake goes on, and the sub-protocol that `$connect` chose; the gateway negotiates none itself (WS-13). */
export type Verdict = { readonly accepted: true; readonly subprotocol?: string } | Refusal;

export interface Refusal {
  readonly accepted: false;
  readonly status: number;
  /** What the client reads, where it reads anything (WS-04). */
  readonly message: string;
  /** The name that signing clients know the error by (MG-03). */
  readonly errorType?: string;
  /** Why, and where to look, for the log. */
  readonly note: string;
  readonly behaviour?: string;
}

/** What is wrong with an upgrade request as such (RFC 6455, 4.2.1), before any route is looked at. */
export function malformedHandshake({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'GET') return malformed(405, 'Method Not Allowed', `its method is ${method}, not GET`);
  if (headers.upgrade?.toLowerCase() !== 'websocket') return malformed(400, 'Bad Request', 'Upgrade is not websocket');
  if (headers['sec-websocket-version'] !== '13') {
    return malformed(426, 'Upgrade Required', 'Sec-WebSocket-Version is not 13');
  }
  const key = headers['sec-websocket-key'] ?? '';
  return KEY.test(key) ? undefined : malformed(400, 'Bad Request', 'Sec-WebSocket-Key is not 16 bytes in base64');
}

/** What the outcome of `$connect` means for the client. The body of its result reaches nobody (WS-02 to WS-06, WS-10). */
export function judgeConnect(
  functionArn: string,
  outcome: Outcome,
  switches: Pick<Switches, 'connectTimeoutStatus' | 'stringStatusCode'>,
): Verdict {
  if (outcome.kind === 'returned') return judgeResult(functionArn, outcome.payload, switches);
  const note = describeFailure(functionArn, outcome);
  switch (outcome.kind) {
    case 'forbidden':
      return refused(500, 'Internal server error', note, 'WS-06');
    case 'timed-out':
      return refused(switches.connectTimeoutStatus, 'Endpoint request timed out', note, 'WS-10');
    case 'failed':
    case 'throttled':
    case 'event-too-large':
    case 'not-found':
      return refused(502, 'Internal server error', note, 'WS-05');
  }
}

/**
 * Answers a refused handshake and lets the socket go.
 * @param body JSON text; empty leaves the answer without one (WS-04)
 */
export function refuseHandshake(socket: Duplex, { status, errorType }: Refusal, body: string): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    ...(body === '' ? [] : ['Content-Type: application/json']),
    ...(errorType === undefined ? [] : [`x-amzn-ErrorType: ${errorType}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function judgeResult(functionArn: string, payload: string, switches: Pick<Switches, 'stringStatusCode'>): Verdict {
  const result = parseResult(payload);
  const unusable = (fault: string) => {
    const note = `${functionArn} returned ${fault}: ${payload.slice(0, LOGGED_CHARACTERS)}`;
    return refused(502, 'Internal server error', note, 'WS-05');
  };
  const status = isRecord(result) ? statusOf(result, switches) : undefined;
  if (!isRecord(result) || status === undefined) return unusable('no usable statusCode');
  if (status >= 300) {
    const note = `${functionArn} returned that status; its own log tells why`;
    return refused(status, STATUS_CODES[status] ?? 'Forbidden', note, 'WS-04');
  }
  const subprotocol = subprotocolOf(result.headers);
  if (subprotocol === undefined) return { accepted: true };
  return isSendableHeader(SUBPROTOCOL, subprotocol)
    ? { accepted: true, subprotocol }
    : unusable('a Sec-WebSocket-Protocol that cannot be sent');
}

function subprotocolOf(headers: unknown): string | undefined {
  const entries = isRecord(headers) ? Object.entries(headers) : [];
  const value = entries.find(([name]) => name.toLowerCase() === SUBPROTOCOL)?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** A refusal in the gateway's own words. */
export function refused(status: number, message: string, note: string, behaviour?: string): Refusal {
  return { accepted: false, status, message, note, ...(behaviour !== undefined && { behaviour }) };
}

function malformed(status: number, message: string, note: string): Refusal {
  return refused(status, message, `the upgrade request is malformed: ${note}`);
}
