import { decodeReplyMessage } from '../../src/protocol/codec.ts';
import { pieceOf } from '../../src/tunnel/answer-piece.ts';
import type { ReplyListener, ReplySocket } from '../../src/tunnel/ports.ts';

/**
 * A waiting function's own connection, in memory. `half-open`: what is posted to it is taken and goes nowhere; `gone`: it is refused,
 * and nobody has told the function; `none`: there is no connection.
 */
export interface ReplyLine extends ReplySocket {
  state: 'open' | 'half-open' | 'gone' | 'none';
  /** Whether a post to this connection is one to the line; what the Management API says, then. */
  takes(connectionId: string, text: string): 'sent' | 'gone' | undefined;
  /** The gateway has closed it, and the function has noticed. */
  breakOff(): void;
  /** The next connection. */
  reopen(): void;
  /** How what was taken gets to the function; at once, unless a test has it otherwise. */
  carry: (deliver: () => void) => void;
  readonly proofs: number;
}

export function createReplyLine(): ReplyLine {
  const listeners = new Map<string, ReplyListener>();
  let epoch = 1;
  let proofs = 0;
  const name = () => `REPLY${epoch}=`;

  function deliver(text: string): void {
    const message = decodeReplyMessage(text);
    switch (message.type) {
      case 'http_response':
      case 'response_part':
      case 'error':
      case 'accepted':
      case 'credit':
        listeners.get(message.requestId ?? '')?.heard(pieceOf(message));
        return;
      default:
        throw new Error(`sent to a function that waits: ${text}`);
    }
  }

  const line: ReplyLine = {
    state: 'open',
    carry: (bring) => bring(),
    get proofs() {
      return proofs;
    },
    current: () => (line.state === 'none' ? undefined : name()),
    opened: async () => {},
    listen(requestId, listener) {
      listeners.set(requestId, listener);
      return () => void listeners.delete(requestId);
    },
    async prove() {
      proofs += 1;
      if (line.state === 'open') return true;
      line.breakOff();
      return false;
    },
    takes(connectionId, text) {
      if (!connectionId.startsWith('REPLY')) return undefined;
      if (connectionId !== name() || line.state === 'gone' || line.state === 'none') return 'gone';
      if (line.state === 'open') line.carry(() => deliver(text));
      return 'sent';
    },
    breakOff() {
      line.state = 'none';
      for (const listener of [...listeners.values()]) listener.lost();
    },
    reopen() {
      epoch += 1;
      line.state = 'open';
    },
  };
  return line;
}
