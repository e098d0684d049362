import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../stack/clock.ts';
import type { ConnectionFacts } from '../events/websocket.ts';
import type { Quotas } from '../quotas.ts';
import type { Switches } from '../switches.ts';
import {
  type Closing,
  closedByClient,
  closedByProtocolError,
  GOING_AWAY,
  MESSAGE_TOO_BIG,
  UNSUPPORTED_DATA,
} from './closing.ts';
import { createFrameLimit } from './frame-limit.ts';

/** A client whose handshake succeeded. */
export interface Connection {
  readonly facts: ConnectionFacts;
  /** Epoch milliseconds of the last message in either direction. */
  lastActiveAt(): number;
  /** False once either side has begun to close. */
  isOpen(): boolean;
  /** Sends one text message, in several frames where one would be over the limit (WS-43, MG-15). */
  send(bytes: Buffer): 'sent' | 'gone' | 'buffer-full';
  /** Begins to close; from now on the connection takes and sends no messages. */
  close(closing: Closing): void;
  /** Says 1001 and drops the socket at once, without a word to `onClosed`: the gateway itself is stopping. */
  abandon(): void;
}

export interface ConnectionOptions {
  readonly facts: ConnectionFacts;
  readonly clock: Clock;
  readonly quotas: Quotas;
  readonly switches: Pick<Switches, 'pingResetsIdle'>;
  /** Called for each text message; must not reject. Reading pauses while `quotas.messagesInFlight` are unsettled. */
  readonly onMessage: (body: string) => Promise<void>;
  /** Called once, when the socket is gone (WS-60). */
  readonly onClosed: (closing: Closing) => void;
}

/**
 * Holds an upgraded socket to API Gateway's limits. Call it in the very callback that hands over the WebSocket, before
 * any byte has been read: the frame limit must see what `ws` sees.
 */
export function createConnection(webSocket: WebSocket, socket: Duplex, options: ConnectionOptions): Connection {
  const { facts, clock, quotas } = options;
  const limit = createFrameLimit(quotas.frameBytes, quotas.messageBytes);
  let lastActiveAt = clock.now();
  let received = 0;
  let inFlight = 0;
  /** Set when the gateway, not the client, ends the connection. */
  let closing: Closing | undefined;
  let cancelGrace = () => {};
  let cancelIdle = clock.after(quotas.idleMs, checkIdle);
  const cancelLife = clock.after(quotas.lifeMs, () => close(GOING_AWAY));

  function scan(bytes: Buffer): void {
    if (limit.scan(bytes) === undefined) return;
    socket.off('data', scan);
    // After `ws` has had these bytes too: whole messages in front of the offending frame still count.
    queueMicrotask(() => close(MESSAGE_TOO_BIG));
  }

  /** One timer a connection, moved on only when it fires, instead of one for each message. */
  function checkIdle(): void {
    const idleFor = clock.now() - lastActiveAt;
    if (idleFor >= quotas.idleMs) close(GOING_AWAY);
    else cancelIdle = clock.after(quotas.idleMs - idleFor, checkIdle);
  }

  function onMessage(data: Buffer, isBinary: boolean): void {
    received += 1;
    if (closing || received > limit.completeMessages()) return;
    if (isBinary) {
      close(UNSUPPORTED_DATA);
      return;
    }
    lastActiveAt = clock.now();
    inFlight += 1;
    if (inFlight === quotas.messagesInFlight) webSocket.pause();
    options.onMessage(data.toString('utf8')).finally(() => {
      if (inFlight === quotas.messagesInFlight) webSocket.resume();
      inFlight -= 1;
    });
  }

  function isOpen(): boolean {
    return !closing && webSocket.readyState === webSocket.OPEN;
  }

  function close(how: Closing): void {
    if (!isOpen()) return;
    closing = how;
    webSocket.close(how.code, how.reason);
    // A paused socket would never see the client's answer.
    webSocket.resume();
    cancelGrace = clock.after(quotas.closeGraceMs, () => webSocket.terminate());
  }

  function cancelTimers(): void {
    cancelIdle();
    cancelLife();
    cancelGrace();
  }

  function onClosed(code: number, reason: Buffer): void {
    cancelTimers();
    options.onClosed(closing ?? closedByClient(code, reason.toString('utf8')));
  }

  socket.prependListener('data', scan);
  webSocket.on('message', onMessage);
  webSocket.on('ping', () => {
    if (options.switches.pingResetsIdle) lastActiveAt = clock.now();
  });
  webSocket.on('error', (error: Error & { code?: string }) => {
    closing ??= closedByProtocolError(error.code);
  });
  webSocket.on('close', onClosed);

  return {
    facts,
    lastActiveAt: () => lastActiveAt,
    isOpen,
    send(bytes) {
      if (!isOpen()) return 'gone';
      if (webSocket.bufferedAmount + bytes.length > quotas.clientBufferBytes) return 'buffer-full';
      lastActiveAt = clock.now();
      sendInFrames(webSocket, asText(bytes), quotas.frameBytes);
      return 'sent';
    },
    close,
    abandon() {
      webSocket.off('close', onClosed);
      cancelTimers();
      webSocket.close(GOING_AWAY.code, GOING_AWAY.reason);
      webSocket.terminate();
    },
  };
}

function sendInFrames(webSocket: WebSocket, bytes: Buffer, frameBytes: number): void {
  let start = 0;
  while (bytes.length - start > frameBytes) {
    webSocket.send(bytes.subarray(start, start + frameBytes), { binary: false, fin: false });
    start += frameBytes;
  }
  webSocket.send(start === 0 ? bytes : bytes.subarray(start), { binary: false });
}

/** A text frame holds text: bytes that are none become U+FFFD, as base64 never would. */
function asText(bytes: Buffer): Buffer {
  return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'), 'utf8');
}
