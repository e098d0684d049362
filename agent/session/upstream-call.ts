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
  timedOut(): boolean;
  /** Ends what still runs there. */
  abandon(): void;
}

export function callUpstream(request: HttpRequest, ports: ExchangePorts): UpstreamCall {
  const controller = new AbortController();
  const patienceMs = Math.min(ports.requestTimeoutMs, request.timeoutMs ?? ports.requestTimeoutMs);
  let timedOut = false;

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
    timedOut: () => timedOut,
    abandon() {
      ports.cancelled.removeEventListener('abort', abort);
      abort();
    },
  };
}
