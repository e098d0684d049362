import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../stack/clock.ts';
import type { ConnectionFacts } from '../events/websocket.ts';
import type { Quotas } from '../quotas.ts';
import type { Switches } from '../switches.ts';
import {
  ABNORMAL,
  type Closing,
  closedByClient,
  closedByProtocolError,
  IDLE,
  LIFE_OVER,
  STOPPING,
  tooBig,
  UNSUPPORTED_DATA,
} from './closing.ts';
import { createFrameLimit } from './frame-limit.ts';
import { createSlowOutlet, type Outlet } from './outlet.ts';

/** A client whose handshake succeeded. */
export interface Connection {
  readonly facts: ConnectionFacts;
  /** The client is a function of the stack: what is sent to it does not leave AWS. */
  readonly inRegion: boolean;
  /** Epoch milliseconds of the last message in either direction. */
  lastActiveAt(): number;
  /** False once either side has begun to close. A half-open connection is open as far as the gateway knows (WS-49). */
  isOpen(): boolean;
  /**
   * Sends one text message, in several frames where one would be over the limit (WS-43, MG-15). On a half-open connection
   * it is `sent` and goes nowhere (WS-49).
   */
  send(bytes: Buffer): 'sent' | 'gone' | 'buffer-full';
  /** Begins to close; from now on the connection takes and sends no messages. */
  close(closing: Closing): void;
  /** Nothing gets through any more, in either direction, and neither side is told (WS-49). */
  cut(): void;
  /** Says 1001 and drops the socket at once, without a word to `onClosed`: the gateway itself is stopping. */
  abandon(): void;
}

export interface ConnectionOptions {
  readonly facts: ConnectionFacts;
  readonly inRegion: boolean;
  readonly clock: Clock;
  readonly quotas: Quotas;
  readonly switches: Pick<Switches, 'answersPings' | 'pingResetsIdle'>;
  /** Milliseconds that what is sent takes to the client; it leaves at once without it. */
  readonly drawDeliveryMs?: () => number;
  /** Called for each text message; must not reject. Reading pauses while `quotas.messagesInFlight` are unsettled. */
  readonly onMessage: (body: string) => Promise<void>;
  /** Asked when the client vanishes without a close frame: whether that goes unnoticed (WS-49). */
  readonly staysHalfOpen: () => boolean;
  /** Called once, when the connection is over (WS-60). */
  readonly onClosed: (closing: Closing) => void;
}

/**
 * Holds an upgraded socket to API Gateway's limits. Call it in the very callback that hands over the WebSocket, before
 * any byte has been read: the frame limit must see what `ws` sees.
 */
export function createConnection(webSocket: WebSocket, socket: Duplex, options: ConnectionOptions): Connection {
  const { facts, clock, quotas, switches, drawDeliveryMs } = options;
  const limit = createFrameLimit(quotas.frameBytes, quotas.messageBytes);
  let lastActiveAt = clock.now();
  let received = 0;
  let inFlight = 0;
  /** Set when the gateway, not the client, ends the connection. */
  let closing: Closing | undefined;
  /** Half-open: the client is out of reach, and the gateway has not noticed. */
  let outOfReach = false;
  let over = false;
  let cancelGrace = () => {};
  let cancelIdle = clock.after(quotas.idleMs, checkIdle);
  const cancelLife = clock.after(quotas.lifeMs, () => close(LIFE_OVER));
  const outlet: Outlet =
    drawDeliveryMs === undefined ? webSocket : createSlowOutlet(webSocket, clock, drawDeliveryMs, () => !outOfReach);

  function scan(bytes: Buffer): void {
    const broken = limit.scan(bytes);
    if (broken === undefined) return;
    socket.off('data', scan);
    // After `ws` has had these bytes too: whole messages in front of the offending frame still count.
    queueMicrotask(() => close(tooBig(broken, quotas)));
  }

  /** One timer a connection, moved on only when it fires, instead of one for each message. */
  function checkIdle(): void {
    const idleFor = clock.now() - lastActiveAt;
    if (idleFor >= quotas.idleMs) close(IDLE);
    else cancelIdle = clock.after(quotas.idleMs - idleFor, checkIdle);
  }

  function onMessage(data: Buffer, isBinary: boolean): void {
    received += 1;
    if (closing || outOfReach || received > limit.completeMessages()) return;
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

  function onPing(data: Buffer): void {
    if (switches.pingResetsIdle) lastActiveAt = clock.now();
    // A client that pings and never reads would otherwise fill our memory with pongs.
    if (
      switches.answersPings &&
      !outOfReach &&
      webSocket.readyState === webSocket.OPEN &&
      webSocket.bufferedAmount <= quotas.clientBufferBytes
    ) {
      webSocket.pong(data);
    }
  }

  function isOpen(): boolean {
    return !closing && !over && (outOfReach || webSocket.readyState === webSocket.OPEN);
  }

  function close(how: Closing): void {
    if (!isOpen()) return;
    if (outOfReach) {
      end(how);
      return;
    }
    outlet.close(how.code, how.reason);
    closing = how;
    // A paused socket would never see the client's answer.
    webSocket.resume();
    cancelGrace = clock.after(quotas.closeGraceMs, () => webSocket.terminate());
  }

  function onClosed(code: number, reason: Buffer): void {
    if (outOfReach || over) return;
    const how = closing ?? closedByClient(code, reason.toString('utf8'));
    if (how === ABNORMAL && options.staysHalfOpen()) outOfReach = true;
    else end(how);
  }

  function end(how: Closing): void {
    over = true;
    cancelTimers();
    socket.destroy();
    options.onClosed(how);
  }

  function cancelTimers(): void {
    cancelIdle();
    cancelLife();
    cancelGrace();
  }

  socket.prependListener('data', scan);
  webSocket.on('message', onMessage);
  webSocket.on('ping', onPing);
  webSocket.on('error', (error: Error & { code?: string }) => {
    closing ??= closedByProtocolError(error.code, quotas);
  });
  webSocket.on('close', onClosed);

  return {
    facts,
    inRegion: options.inRegion,
    lastActiveAt: () => lastActiveAt,
    isOpen,
    send(bytes) {
      if (!isOpen()) return 'gone';
      if (!outOfReach) {
        if (outlet.bufferedAmount + bytes.length > quotas.clientBufferBytes) return 'buffer-full';
        sendInFrames(outlet, asText(bytes), quotas.frameBytes);
      }
      lastActiveAt = clock.now();
      return 'sent';
    },
    close,
    cut() {
      if (!isOpen() || outOfReach) return;
      outOfReach = true;
      // What the client still sends is read and thrown away: nothing piles up, and its end of the line looks as alive as
      // it would for a while in a real network.
      socket.removeAllListeners('data');
      socket.resume();
    },
    abandon() {
      over = true;
      cancelTimers();
      webSocket.off('close', onClosed);
      if (!outOfReach) webSocket.close(STOPPING.code, STOPPING.reason);
      webSocket.terminate();
      socket.destroy();
    },
  };
}

function sendInFrames(outlet: Outlet, bytes: Buffer, frameBytes: number): void {
  let start = 0;
  while (bytes.length - start > frameBytes) {
    outlet.send(bytes.subarray(start, start + frameBytes), { binary: false, fin: false });
    start += frameBytes;
  }
  outlet.send(start === 0 ? bytes : bytes.subarray(start), { binary: false });
}

/** A text frame holds text: bytes that are none become U+FFFD, as base64 never would. */
function asText(bytes: Buffer): Buffer {
  return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'), 'utf8');
}
