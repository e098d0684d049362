/** How a connection ended, as the DISCONNECT event tells it. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** Idle for too long, or at the end of its life (WS-46, WS-47). */
export const GOING_AWAY: Closing = { code: 1001, reason: 'Going away' };
/** DELETE of the Management API, which cannot choose a code (WS-62, WS-64). */
export const CLOSED_NORMALLY: Closing = { code: 1000, reason: 'Connection Closed Normally' };
/** A binary frame (WS-40). */
export const UNSUPPORTED_DATA: Closing = { code: 1003, reason: '' };
/** A frame or a message over its limit (WS-41, WS-42). */
export const MESSAGE_TOO_BIG: Closing = { code: 1009, reason: '' };
/** The TCP connection went without a close frame. */
export const ABNORMAL: Closing = { code: 1006, reason: '' };

const NO_STATUS = 1005;

/** What the client's own close comes to: echoed, or the gateway's words where it gave no code (WS-62). */
export function closedByClient(code: number, reason: string): Closing {
  return code === NO_STATUS ? { code, reason: 'Client-side close frame status not set' } : { code, reason };
}

/** The code with which `ws` ends a connection after a protocol error, by the error's own code. */
export function closedByProtocolError(errorCode: string | undefined): Closing | undefined {
  switch (errorCode) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return MESSAGE_TOO_BIG;
    case 'WS_ERR_INVALID_UTF8':
      return { code: 1007, reason: '' };
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return { code: 1008, reason: '' };
    default:
      return errorCode?.startsWith('WS_ERR_') ? { code: 1002, reason: '' } : undefined;
  }
}
