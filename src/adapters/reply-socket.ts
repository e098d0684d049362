import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { decodeReplyMessage, encode } from '../protocol/codec.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { HANDSHAKE_MS, MESSAGE_BYTES } from '../protocol/limits.ts';
import { pieceOf } from '../tunnel/answer-piece.ts';
import type { Clock, Log, PostToConnection, ReplyListener, ReplySocket } from '../tunnel/ports.ts';

/** So long after something has come a connection needs no proof, in milliseconds. */
const TRUSTED_MS = 5_000;

/** How long a message of ours to ourselves may take, in milliseconds. */
const PROOF_MS = 750;

/** Pauses after failed attempts to open, in milliseconds; meanwhile answers come by the table. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** How fine the time is counted that a handshake or a proof may take, in milliseconds. */
const STEP_MS = 250;

export interface ReplySocketOptions {
  /** `wss://…/stage` */
  readonly endpoint: string;
  /** What `$connect` admits us by, made for each attempt. */
  readonly pass: () => Promise<string>;
  readonly post: PostToConnection;
  /** After so many seconds the next connection is opened (WS-47). */
  readonly renewAfterSeconds: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}

/** One WebSocket that the gateway has told its id. */
interface Line {
  readonly socket: WebSocket;
  readonly connectionId: string;
  readonly openedAt: number;
  heardAt: number;
  /** Resolves with the next thing that comes. */
  next: Promise<void>;
}

/**
 * This environment's own connection to the stack's WebSocket API, opened when it is first asked for and kept over invocations. While the
 * environment is frozen nothing is read, and the connection may die unnoticed (LA-02, WS-49): one that has been silent is proven by a
 * message to itself, while the request is under way.
 */
export function createReplySocket(options: ReplySocketOptions): ReplySocket {
  const { post, renewAfterSeconds, clock, randomBytes, log } = options;
  const listeners = new Map<string, ReplyListener>();
  let line: Line | undefined;
  /** What answers under way are still sent to is closed when the next request comes. */
  let successor: Line | undefined;
  let opening: Promise<void> | undefined;
  let proving: Promise<boolean> | undefined;
  let pause = FIRST_PAUSE_MS;
  let notBefore = 0;

  function open(): void {
    if (opening || clock.now() < notBefore) return;
    opening = openLine(options, heard, lost)
      .then((next) => {
        pause = FIRST_PAUSE_MS;
        if (line) successor = next;
        else line = next;
      })
      .catch((error: unknown) => {
        notBefore = clock.now() + pause;
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        log('warn', 'no connection for answers: they come by the table', { problem: String(error) });
      })
      .finally(() => {
        opening = undefined;
      });
  }

  function heard(text: string): void {
    const message = decodeReplyMessage(text);
    switch (message.type) {
      case 'http_response':
      case 'response_part':
      case 'error':
      case 'accepted':
      case 'credit':
        if (message.requestId !== null) listeners.get(message.requestId)?.heard(pieceOf(message));
        return;
      case 'proof':
        return;
      default:
        log('warn', 'a message that is no answer', { type: message.type });
    }
  }

  function lost(socket: WebSocket): void {
    if (successor?.socket === socket) successor = undefined;
    if (line?.socket !== socket) return;
    line = undefined;
    socket.terminate();
    for (const listener of [...listeners.values()]) listener.lost();
  }

  async function proveLine(proven: Line): Promise<boolean> {
    const nonce = Buffer.from(randomBytes(12)).toString('base64url');
    let arrived = false;
    const answer = proven.next.then(() => {
      arrived = true;
    });
    const posted = await post(proven.connectionId, encode({ type: 'proof', nonce }), clock.now() + PROOF_MS);
    if (posted === 'sent') await waitAwake(PROOF_MS, answer);
    if (!arrived) {
      log('info', 'the connection for answers was dead', { connectionId: proven.connectionId });
      lost(proven.socket);
    }
    return arrived;
  }

  function prove(): Promise<boolean> {
    if (!line) return Promise.resolve(false);
    proving ??= proveLine(line).finally(() => {
      proving = undefined;
    });
    return proving;
  }

  return {
    current() {
      if (successor) {
        const { socket } = line ?? {};
        line = successor;
        successor = undefined;
        socket?.close(1000);
      }
      if (!line) {
        open();
        return undefined;
      }
      if (clock.now() - line.openedAt > renewAfterSeconds * 1_000) open();
      if (clock.now() - line.heardAt > TRUSTED_MS) void prove();
      return line.connectionId;
    },

    async opened(ms) {
      if (line) return;
      open();
      await clock.sleep(ms, opening ?? Promise.resolve());
    },

    listen(requestId, listener) {
      listeners.set(requestId, listener);
      return () => {
        if (listeners.get(requestId) === listener) listeners.delete(requestId);
      };
    },

    prove,
  };

  /** In steps, of which a freeze takes one at most: what was frozen had no time to be answered. */
  async function waitAwake(ms: number, until: Promise<unknown>): Promise<void> {
    let over = false;
    void until.then(() => {
      over = true;
    });
    for (let waited = 0; waited < ms && !over; waited += STEP_MS) await clock.sleep(STEP_MS, until);
  }

  /** Opens a WebSocket and asks for its id, since nothing can be sent during `$connect` (MG-05) and nobody is told it otherwise. */
  async function openLine(
    { endpoint, pass }: ReplySocketOptions,
    onText: (text: string) => void,
    onEnd: (socket: WebSocket) => void,
  ): Promise<Line> {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(endpoint, {
      headers: { authorization: await pass() },
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES,
    });
    return new Promise((resolve, reject) => {
      let opened: Line | undefined;
      let tell: () => void = () => {};
      socket.on('error', reject);
      socket.on('close', (code) => {
        reject(new Error(`closed with ${code}`));
        onEnd(socket);
      });
      socket.on('open', () => socket.send(encode({ type: 'reply_ready' })));
      socket.on('message', (data) => {
        const text = String(data);
        if (opened) {
          opened.heardAt = clock.now();
          tell();
          opened.next = new Promise((resolve) => {
            tell = resolve;
          });
          return onText(text);
        }
        const message = decodeReplyMessage(text);
        if (message.type !== 'reply_connection') return;
        const { connectionId } = message;
        const next = new Promise<void>((resolve) => {
          tell = resolve;
        });
        opened = { socket, connectionId, openedAt: clock.now(), heardAt: clock.now(), next };
        resolve(opened);
      });
      const ended = once(socket, 'close').catch(() => {});
      void waitAwake(HANDSHAKE_MS, ended).then(() => opened ?? socket.terminate());
    });
  }
}
