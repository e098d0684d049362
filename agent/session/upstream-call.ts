import type { HttpRequest } from '../../src/protocol/messages.ts';
import type { ForwardResult } from '../forward.ts';
import type { ExchangePorts } from './exchange.ts';

/** The upstream's side of one exchange, with the exchange's patience. */
export interface UpstreamCall {
  readonly patienceMs: number;
  /** Throws when the exchange was cancelled or the upstream too slow. */
  result(): Promise<ForwardResult>;
  /**
   * As `result`, at every piece; the clock stands still while the piece is being sent. A stream may be silent between two pieces for
   * as long as it likes.
   */
  body(result: ForwardResult & { kind: 'answered' }): AsyncGenerator<Uint8Array>;
  /** The whole body where it is here already and is not longer; nothing runs there any more then. */
  whole(result: ForwardResult & { kind: 'answered' }, limitBytes: number): Uint8Array | undefined;
  timedOut(): boolean;
  /** Ends what still runs there. */
  abandon(): void;
}

/** Made once: without a reason each exchange would pay for an error and its stack, though nobody looks at it. */
const ABANDONED = new Error('the exchange is over');

export function callUpstream(request: HttpRequest, ports: ExchangePorts): UpstreamCall {
  const controller = new AbortController();
  const patienceMs = Math.min(ports.requestTimeoutMs, request.timeoutMs ?? ports.requestTimeoutMs);
  let timedOut = false;
  let over = false;

  function abort(): void {
    controller.abort();
  }
  ports.cancelled.addEventListener('abort', abort, { once: true });
  if (ports.cancelled.aborted) abort();

  async function inTime<Value>(work: Promise<Value>): Promise<Value> {
    const disarm = ports.clock.after(patienceMs, () => {
      timedOut = true;
      abort();
    });
    try {
      const value = await work;
      controller.signal.throwIfAborted();
      return value;
    } finally {
      disarm();
    }
  }

  async function streamed<Value>(work: Promise<Value>): Promise<Value> {
    const value = await work;
    controller.signal.throwIfAborted();
    return value;
  }

  return {
    patienceMs,
    result: () => inTime(ports.forward(request, controller.signal)),
    async *body(result) {
      const pieces = result.body[Symbol.asyncIterator]();
      try {
        for (;;) {
          const piece = await (request.stream ? streamed(pieces.next()) : inTime(pieces.next()));
          if (piece.done) return;
          yield piece.value;
        }
      } finally {
        await pieces.return?.();
      }
    },
    whole(result, limitBytes) {
      const bytes = result.whole?.(limitBytes);
      over = bytes !== undefined;
      return bytes;
    },
    timedOut: () => timedOut,
    abandon() {
      ports.cancelled.removeEventListener('abort', abort);
      if (!over) controller.abort(ABANDONED);
    },
  };
}
