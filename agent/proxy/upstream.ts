import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { endToEnd } from '../../src/protocol/end-to-end.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import type { Forward, ForwardRequest, ForwardResult } from '../forward.ts';
import { errorCode } from '../network-error.ts';
import { type HostHeader, requestHeaders } from './forwarded-headers.ts';
import { isLoopback, type UpstreamAddress } from './upstream-address.ts';
import { failureOf } from './upstream-failure.ts';

export interface Upstream {
  /** Sends a request as it came and hands back the answer as it comes: nothing is followed, decoded or normalised. */
  readonly forward: Forward;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** As many as Lambda runs at once in an account: more requests than that do not arrive. */
const CONNECTIONS = 1_000;

/** How long a connection is kept without a request, in milliseconds: less than the 5 s after which Node's servers hang up. */
const IDLE_MS = 4_000;

/**
 * The longest head of an answer, in bytes: below what a message to the edge holds, far above Node's own 16 KB, which
 * development servers' policies and cookies exceed.
 */
const HEAD_BYTES = 64 * 1024;

/**
 * Connects with the first request; whether anything listens there is not asked before. Patience is the session's: there is
 * no timeout here.
 */
export function createUpstream(address: UpstreamAddress, hostHeader: HostHeader): Upstream {
  const { protocol, hostname, port, authority } = address;
  const secure = protocol === 'https:';
  const pooling = { keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE_MS };
  const [kept, fresh] = secure
    ? [new HttpsAgent(pooling), new HttpsAgent()]
    : [new HttpAgent(pooling), new HttpAgent()];
  const request = secure ? requestHttps : requestHttp;
  const connection: RequestOptions = {
    host: hostname,
    port,
    maxHeaderSize: HEAD_BYTES,
    ...(hostname === 'localhost' && { lookup: bothLoopbacks }),
    // Without it Node takes the certificate's name from the `host` header, which here is the visitor's.
    servername: isIP(hostname) === 0 ? hostname : '',
    // A development server's self-signed certificate is as good as any where nobody can stand between.
    rejectUnauthorized: !isLoopback(address),
  };

  function send({ method, uri, headers, body }: ForwardRequest, agent: HttpAgent): ClientRequest {
    const lines = [...requestHeaders(headers, hostHeader, authority), ...framing(method, body.length)].flat();
    const sent = request({ ...connection, agent, method, path: uri, headers: lines });
    return body.length === 0 ? sent.end() : sent.end(body);
  }

  /** Sends it, and once more over a connection of its own where the kept one turns out to have ended. */
  async function exchange(asked: ForwardRequest, signal: AbortSignal): Promise<Exchange> {
    let sent = send(asked, kept);
    let readBefore = 0;
    sent.once('socket', ({ bytesRead }) => {
      readBefore = bytesRead;
    });
    let over = false;
    // Node's own `signal` does the same at many times the cost.
    const abort = () => {
      if (!over && !sent.destroyed) sent.destroy(new Error('it was aborted'));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const end = () => {
      over = true;
    };
    try {
      return { sent, body: await answered(sent), end };
    } catch (error) {
      const isSilent = sent.socket?.bytesRead === readBefore;
      if (signal.aborted || !isRepeatable(asked) || !isSilent || !hadEnded(sent, error)) throw error;
      sent = send(asked, fresh);
      return { sent, body: await answered(sent), end };
    }
  }

  return {
    async forward(request, signal): Promise<ForwardResult> {
      if (request.method === 'CONNECT') {
        return { kind: 'failed', code: 'invalid_request', message: 'it cannot be sent: CONNECT asks for a tunnel' };
      }
      try {
        const { sent, body, end } = await exchange(request, signal);
        return {
          kind: 'answered',
          status: body.statusCode ?? 0,
          headers: endToEnd(pairs(body.rawHeaders)),
          body,
          whole(limitBytes) {
            if (!body.complete || !sent.writableFinished || body.readableLength > limitBytes) return undefined;
            end();
            return body.read() ?? EMPTY;
          },
        };
      } catch (error) {
        return failureOf(error, authority);
      }
    },
    async close() {
      kept.destroy();
      fresh.destroy();
    },
  };
}

const EMPTY = new Uint8Array(0);

interface Exchange {
  readonly sent: ClientRequest;
  readonly body: IncomingMessage;
  /** From here on the signal aborts nothing. */
  end(): void;
}

/** A request that changes nothing where it arrives twice (RFC 9110 9.2.1); one with a body is not asked to be sure. */
function isRepeatable({ method, body }: ForwardRequest): boolean {
  return body.length === 0 && /^(?:GET|HEAD|OPTIONS|TRACE)$/.test(method);
}

/** An upstream may hang up a kept connection just as a request is under way to it. */
function hadEnded(request: ClientRequest, error: unknown): boolean {
  return request.reusedSocket && /^(?:ECONNRESET|EPIPE)$/.test(errorCode(error));
}

/** The answer's head, behind 1xx of any number; rejects where there is none. */
function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', (response) => {
      // What goes wrong from here on ends the iteration of the body, even if that has not begun. Without this a reset would
      // look like the end of a body that has neither length nor chunks. What comes behind a whole answer harms nobody.
      response.on('error', () => {});
      request.on('error', (error) => {
        if (!response.complete) response.destroy(error);
      });
      resolve(response);
    });
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it switched to a protocol that nobody asked for'));
    });
    request.once('error', reject);
  });
}

/**
 * A body's length is always told, even if it is 0, for without it Node would send chunks; but a method whose body means
 * nothing has none to tell of (RFC 9110 8.6).
 */
function framing(method: string, length: number): HeaderPair[] {
  const told = length > 0 || !/^(?:GET|HEAD|DELETE|OPTIONS|TRACE)$/.test(method);
  return [['connection', 'keep-alive'], ...(told ? [['content-length', String(length)] satisfies HeaderPair] : [])];
}

/** Node gives name, value, name, value as they came, a character for each byte. */
function pairs(raw: readonly string[]): HeaderPair[] {
  const headers: HeaderPair[] = [];
  for (let at = 0; at < raw.length; at += 2) headers.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return headers;
}

/** Programs listen on `127.0.0.1` or on `::1` alone, and hosts files name one of them or both: all are tried, in turn. */
const bothLoopbacks: LookupFunction = (_hostname, options, callback) => {
  if (options.all) {
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  } else {
    callback(null, '127.0.0.1', 4);
  }
};
