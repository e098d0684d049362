import type { WebSocket } from 'ws';
import type { Clock } from '../../stack/clock.ts';
import { createLine } from './line.ts';

/** A connection's way to its client: `ws` itself, or a slower one. */
export interface Outlet {
  /** Bytes that have not left. */
  readonly bufferedAmount: number;
  send(bytes: Buffer, options: { readonly binary: boolean; readonly fin?: boolean }): void;
  close(code: number, reason: string): void;
}

/**
 * A client that is a while away. Frames leave in their order, those of one message together, and the close frame after them.
 * @param drawMs milliseconds that a message takes
 * @param reaches false where nothing gets through any more (WS-49)
 */
export function createSlowOutlet(
  webSocket: WebSocket,
  clock: Clock,
  drawMs: () => number,
  reaches: () => boolean,
): Outlet {
  const line = createLine(clock);
  let waitingBytes = 0;
  let inMessage = false;

  return {
    get bufferedAmount() {
      return waitingBytes + webSocket.bufferedAmount;
    },
    send(bytes, options) {
      const ms = inMessage ? 0 : drawMs();
      inMessage = options.fin === false;
      waitingBytes += bytes.length;
      line(ms, () => {
        waitingBytes -= bytes.length;
        if (reaches() && webSocket.readyState === webSocket.OPEN) webSocket.send(bytes, options);
      });
    },
    close(code, reason) {
      line(drawMs(), () => {
        if (reaches()) webSocket.close(code, reason);
      });
    },
  };
}
