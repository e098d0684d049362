import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { MESSAGE_BYTES } from '../../src/protocol/limits.ts';
import { describeError, errorCode } from '../network-error.ts';
import { splitFrames } from './frames.ts';

/** How one connection ended. */
export type SocketEnd =
  /** The handshake was answered with an HTTP status other than 101. */
  | { readonly kind: 'rejected'; readonly status: number }
  /** No handshake, or broken off without a close frame. `code` is Node's, empty when there is none. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string };

interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** The answer to {@link Socket.probe}. */
  pong(): void;
  /** Exactly once, and nothing after it; never before `connect` has returned. */
  ended(end: SocketEnd): void;
}

/** One connection to the edge. */
export interface Socket {
  /**
   * Sends a text as one message, in frames that the gateway accepts (WS-41). Messages never mix, whoever sends.
   * @returns true when the operating system has taken it, which is the sender's back-pressure; false when it never will
   */
  send(text: string): Promise<boolean>;
  /** Sends a ping of the WebSocket protocol, which is no message and not billed as one (WS-48). */
  probe(): void;
  /** Says goodbye with 1000; `ended` follows within {@link GOODBYE_MS}. */
  close(): void;
  /** Cuts the connection; `ended` follows. */
  terminate(): void;
}

interface SocketTarget {
  /** `ws://` or `wss://`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long TCP, TLS and the upgrade may take together. */
  readonly timeoutMs: number;
}

export type Connect = (target: SocketTarget, handlers: SocketHandlers) => Socket;

const GOODBYE_MS = 2_000;

/** Opens a WebSocket without compression: the gateway does not speak permessage-deflate. */
export const connectSocket: Connect = ({ endpoint, headers, timeoutMs }, handlers) => {
  const socket = new WebSocket(endpoint, {
    headers,
    handshakeTimeout: timeoutMs,
    maxPayload: MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  const unsettled = new Set<(sent: boolean) => void>();
  let failure: SocketEnd | undefined;

  socket.on('open', () => handlers.opened());
  socket.on('message', (data, isBinary) => {
    // The wire knows no binary messages, and the gateway sends none that nobody posted.
    if (!isBinary) handlers.message(data.toString());
  });
  socket.on('pong', () => handlers.pong());
  socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
    failure = { kind: 'rejected', status: response.statusCode ?? 0 };
    request.destroy();
    socket.terminate();
  });
  socket.on('error', (error) => {
    failure ??= { kind: 'failed', code: errorCode(error), message: describeError(error) };
  });
  socket.on('close', (code, reason) => {
    for (const settle of unsettled) settle(false);
    unsettled.clear();
    handlers.ended(failure ?? { kind: 'closed', code, reason: reason.toString() });
  });

  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(false);
      return new Promise((resolve) => {
        unsettled.add(resolve);
        // All frames are handed over in this very turn, so no other message can come between them.
        for (const { bytes, last } of splitFrames(text)) {
          socket.send(bytes, { binary: false, fin: last }, (error) => {
            if (!error && !last) return;
            unsettled.delete(resolve);
            resolve(!error);
          });
        }
      });
    },
    probe() {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close() {
      socket.close(1000);
      const impatience = setTimeout(() => socket.terminate(), GOODBYE_MS);
      socket.once('close', () => clearTimeout(impatience));
    },
    terminate() {
      socket.terminate();
    },
  };
};
