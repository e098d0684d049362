import { createHash } from 'node:crypto';
import type { Forward } from '../../../agent/forward.ts';
import { type ExchangePorts, runExchange } from '../../../agent/session/exchange.ts';
import { createWindow } from '../../../agent/session/window.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import type { AgentMessage, HeaderPair, HttpRequest } from '../../../src/protocol/messages.ts';
import { createManualClock } from './manual-clock.ts';

export const SESSION = 'abcdefghijklmnopqrstuv';

export const REQUEST: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'GET',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
  maxResponseBytes: 4_500_000,
};

export function answering(status: number, headers: HeaderPair[], body: AsyncIterable<Uint8Array>): Forward {
  return async () => ({ kind: 'answered', status, headers, body });
}

/** An upstream that says nothing until it is aborted. */
export const silent: Forward = (_request, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

export async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield Buffer.alloc(size, at);
}

export async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const piece of body) held.push(piece);
  return Buffer.concat(held);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

/** Runs one exchange with an edge that takes all it is sent; `sent` is what it got. */
export function startExchange(
  forward: Forward,
  request: Partial<HttpRequest> = {},
  ports: Partial<ExchangePorts> = {},
) {
  const sent: AgentMessage[] = [];
  const texts: string[] = [];
  const accepted: number[] = [];
  const clock = createManualClock();
  const began = clock.now();
  const cancel = new AbortController();
  const report = runExchange(
    { ...REQUEST, ...request },
    {
      forward,
      async deliver(text) {
        const message = decodeAgentMessage(text);
        if (message.type === 'malformed' || message.type === 'unknown') throw new Error(text);
        texts.push(text);
        sent.push(message);
        return true;
      },
      window: createWindow(Number.POSITIVE_INFINITY),
      accept: () => accepted.push(clock.now() - began),
      protocol: 2,
      sessionId: SESSION,
      requestTimeoutMs: 25_000,
      clock,
      cancelled: cancel.signal,
      ...ports,
    },
  );
  return { report, sent, texts, accepted, clock, cancel };
}
