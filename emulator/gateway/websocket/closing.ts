import type { Quotas } from '../quotas.ts';

/** How a connection ended, as the DISCONNECT event tells it. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  /** The id that explains it, for the log. */
  readonly behaviour?: string;
  /** What brought it about, and what to do about it, for the log. */
  readonly why?: string;
  /** The gateway refused what the client sent, which is lost. */
  readonly refused?: boolean;
}

/** No message in either direction for ten minutes (WS-46). */
export const IDLE: Closing = {
  code: 1001,
  reason: 'Going away',
  behaviour: 'WS-46',
  why: 'no message came or went for the idle timeout; pings do not count, send something of your own (WS-48)',
};
/** The end of its two hours (WS-47). */
export const LIFE_OVER: Closing = {
  code: 1001,
  reason: 'Going away',
  behaviour: 'WS-47',
  why: 'its life is over, whatever its activity; a client connects anew before that',
};
/** The gateway itself stops. */
export const STOPPING: Closing = { code: 1001, reason: 'Going away' };
/** DELETE of the Management API, which cannot choose a code (WS-62, WS-64). */
export const CLOSED_NORMALLY: Closing = {
  code: 1000,
  reason: 'Connection Closed Normally',
  behaviour: 'WS-62',
  why: 'DELETE @connections asked for it',
};
/** A binary frame (WS-40). */
export const UNSUPPORTED_DATA: Closing = {
  code: 1003,
  reason: '',
  behaviour: 'WS-40',
  why: 'the client sent a binary frame; API Gateway takes text only, so encode as base64',
  refused: true,
};
/** The TCP connection went without a close frame; what `$disconnect` reads for a reason a switch says (WS-62). */
export const ABNORMAL: Closing = {
  code: 1006,
  reason: '',
  behaviour: 'WS-62',
  why: 'the TCP connection ended without a close frame',
};

const NO_STATUS = 1005;
const ABNORMAL_CODE = 1006;

/** What the client's own close comes to: echoed, or the gateway's words where it gave no code (WS-62). */
export function closedByClient(code: number, reason: string): Closing {
  if (code === ABNORMAL_CODE) return ABNORMAL;
  const told = code === NO_STATUS ? 'Client-side close frame status not set' : reason;
  return { code, reason: told, behaviour: 'WS-62', why: 'the client closed it' };
}

type Limits = Pick<Quotas, 'frameBytes' | 'messageBytes'>;

/** A frame, or all frames of a message together, over the limit (WS-41, WS-42). */
export function tooBig(what: 'frame' | 'message', { frameBytes, messageBytes }: Limits): Closing {
  const [behaviour, why] =
    what === 'frame'
      ? ['WS-41', `a frame of more than ${frameBytes} bytes; send it in fragments, or as several messages`]
      : ['WS-42', `a message of more than ${messageBytes} bytes; send it as several messages`];
  return { code: 1009, reason: '', behaviour, why: `the client sent ${why}`, refused: true };
}

/** The code with which `ws` ends a connection after a protocol error, by the error's own code (RFC 6455, 7.4.1). */
export function closedByProtocolError(errorCode: string | undefined, limits: Limits): Closing | undefined {
  switch (errorCode) {
    case 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH':
      return tooBig('frame', limits);
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return tooBig('message', limits);
    case 'WS_ERR_INVALID_UTF8':
      return broken(1007, 'the client sent a text frame that is no UTF-8');
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return broken(1008, 'the client sent a message in too many fragments');
    default:
      return errorCode?.startsWith('WS_ERR_') ? broken(1002, `the client broke the protocol: ${errorCode}`) : undefined;
  }
}

function broken(code: number, why: string): Closing {
  return { code, reason: '', behaviour: 'WS-62', why, refused: true };
}
