import { isIP, type LookupFunction } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import { endToEnd } from '../../src/protocol/end-to-end.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import type { Forward } from '../forward.ts';
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

/** Connects with the first request; whether anything listens there is not asked before. */
export function createUpstream(address: UpstreamAddress, hostHeader: HostHeader): Upstream {
  const { protocol, hostname, port, authority } = address;
  const bracketed = hostname.includes(':') ? `[${hostname}]` : hostname;
  const pool = new Pool(`${protocol}//${bracketed}:${port}`, {
    connections: CONNECTIONS,
    pipelining: 1,
    // Patience is the session's.
    headersTimeout: 0,
    bodyTimeout: 0,
    autoSelectFamily: true,
    connect: {
      // A development server's self-signed certificate is as good as any where nobody can stand between.
      rejectUnauthorized: !isLoopback(address),
      ...(hostname === 'localhost' && { lookup: bothLoopbacks }),
    },
  });

  return {
    async forward(request, signal) {
      const options: Dispatcher.RequestOptions & { servername?: string } = {
        method: request.method as Dispatcher.HttpMethod,
        path: request.uri,
        headers: requestHeaders(request.headers, hostHeader, authority).flat(),
        body: request.body.length > 0 ? request.body : null,
        // Without it undici takes the certificate's name from the `host` header, which here is the visitor's.
        ...(isIP(hostname) === 0 && { servername: hostname }),
        responseHeaders: 'raw',
        signal,
      };
      try {
        const { statusCode, headers, body } = await pool.request(options);
        return { kind: 'answered', status: statusCode, headers: endToEnd(pairs(headers)), body };
      } catch (error) {
        return failureOf(error, authority);
      }
    },
    close: () => pool.destroy(),
  };
}

/** With `responseHeaders: 'raw'` undici gives name, value, name, value as they came, against its own types. */
function pairs(raw: unknown): HeaderPair[] {
  if (!Array.isArray(raw)) throw new TypeError('undici gave no raw headers');
  const headers: HeaderPair[] = [];
  for (let at = 0; at < raw.length; at += 2) headers.push([String(raw[at]), String(raw[at + 1])]);
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
