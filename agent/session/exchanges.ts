import { encode } from '../../src/protocol/codec.ts';
import type { Cancel, HttpRequest, RequestPart } from '../../src/protocol/messages.ts';
import type { Forward } from '../forward.ts';
import type { Clock } from './clock.ts';
import type { Report } from './events.ts';
import { type ExchangeReport, runExchange } from './exchange.ts';
import { createRequestJoiner, type Joined } from './request-joiner.ts';
import { createSeenRequests } from './seen-requests.ts';

export interface ExchangesOptions {
  readonly forward: Forward;
  readonly deliver: (text: string) => Promise<boolean>;
  /** What the edge of the present connection speaks. */
  readonly protocol: () => 1 | 2;
  readonly sessionId: string;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly report: Report;
}

/** All exchanges of a session, across its connections. */
export interface Exchanges {
  receive(message: HttpRequest | RequestPart | Cancel): void;
  /** Turns further requests away, and waits for those in flight. */
  drain(): Promise<void>;
  /** Cancels what is in flight and forgets what is incomplete. */
  close(): void;
}

/** The edge's ids have 36 characters; one that fills a message leaves no room for an answer. */
const LONGEST_ID = 256;

export function createExchanges(options: ExchangesOptions): Exchanges {
  const { clock, report } = options;
  const seen = createSeenRequests();
  const joiner = createRequestJoiner(clock);
  const running = new Map<string, { readonly cancel: AbortController; readonly done: Promise<void> }>();
  let draining = false;

  function start(request: HttpRequest): void {
    seen.add(request.requestId);
    const cancel = new AbortController();
    const forward = draining ? turnAway : options.forward;
    const ports = { ...options, forward, cancelled: cancel.signal, protocol: options.protocol() };
    const done = runExchange(request, ports).then((result) => finish(request, result));
    running.set(request.requestId, { cancel, done });
  }

  function finish({ requestId: id, method, uri: path }: HttpRequest, result: ExchangeReport): void {
    const { status, ms, bytes, failure } = result;
    running.delete(id);
    report({ event: 'request', id, method, path, status, ms, bytes });
    if (failure) report({ event: 'error', ...failure });
  }

  function advance(joined: Joined): void {
    switch (joined.kind) {
      case 'waiting':
        break;
      case 'whole':
        start(joined.request);
        break;
      case 'hopeless':
        reject(joined.requestId, joined.why);
    }
  }

  /** Only version 2 edges send parts, so this speaks version 2. */
  function reject(requestId: string, why: string): void {
    const message = `the request did not arrive whole: ${why}`;
    const { sessionId } = options;
    seen.add(requestId);
    options.deliver(encode({ type: 'error', requestId, code: 'upstream_failed', message, sessionId }));
    report({ event: 'error', code: 'upstream_failed', message });
  }

  function cancel(requestId: string): void {
    seen.add(requestId);
    joiner.forget(requestId);
    running.get(requestId)?.cancel.abort();
  }

  return {
    receive(message) {
      const { requestId } = message;
      if (requestId.length > LONGEST_ID) {
        report({ event: 'note', message: 'a request with an id of undue length was passed over' });
      } else if (message.type === 'cancel') {
        cancel(requestId);
      } else if (!seen.has(requestId)) {
        advance(message.type === 'http_request' ? joiner.head(message) : joiner.part(message));
      }
    },
    async drain() {
      draining = true;
      await Promise.all([...running.values()].map(({ done }) => done));
    },
    close() {
      joiner.close();
      for (const { cancel } of running.values()) cancel.abort();
    },
  };
}

const turnAway: Forward = async () => ({
  kind: 'failed',
  code: 'upstream_unreachable',
  message: 'the agent is stopping',
});
