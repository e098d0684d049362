import type { Clock } from './clock.ts';

type Send = (text: string) => Promise<boolean>;

/**
 * The way out for answers. While a connection is there they leave at once; while there is none they wait, bounded in
 * bytes and time, for the session's next one. Whoever delivers a stream awaits each message, and so stands still too.
 */
export interface Outbox {
  /** @returns true when a connection has taken it; false when it is lost: no room, too long without one, or closed */
  deliver(text: string): Promise<boolean>;
  /** From now on by this connection, also what has waited. */
  attach(send: Send): void;
  /** The connection is gone. */
  detach(): void;
  /** Ends the waiting, now and for good. */
  close(): void;
}

interface OutboxLimits {
  /** UTF-8 bytes of all that waits. */
  readonly bytes: number;
  /** Milliseconds without a connection. */
  readonly ms: number;
}

const LIMITS: OutboxLimits = { bytes: 8_000_000, ms: 60_000 };

export function createOutbox(clock: Clock, limits = LIMITS): Outbox {
  let send: Send | undefined;
  let closed = false;
  let expired = false;
  let waitingBytes = 0;
  let waiting: ((again: boolean) => void)[] = [];
  let stopPatience = () => {};

  function release(again: boolean): void {
    const released = waiting;
    waiting = [];
    waitingBytes = 0;
    for (const settle of released) settle(again);
  }

  function nextConnection(bytes: number): Promise<boolean> {
    if (expired || waitingBytes + bytes > limits.bytes) return Promise.resolve(false);
    waitingBytes += bytes;
    return new Promise((settle) => waiting.push(settle));
  }

  return {
    async deliver(text) {
      let failed: Send | undefined;
      // Every turn needs a connection that has not failed yet, so the turns are as few as the connections.
      while (!closed) {
        const current = send === failed ? undefined : send;
        if (current === undefined) {
          if (!(await nextConnection(Buffer.byteLength(text)))) return false;
        } else if (await current(text)) {
          return true;
        } else {
          failed = current;
        }
      }
      return false;
    },
    attach(next) {
      stopPatience();
      expired = false;
      send = next;
      release(true);
    },
    detach() {
      if (send === undefined) return;
      send = undefined;
      stopPatience = clock.after(limits.ms, () => {
        expired = true;
        release(false);
      });
    },
    close() {
      closed = true;
      stopPatience();
      release(false);
    },
  };
}
