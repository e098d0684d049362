import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { GatewayContext } from './context.ts';
import { createUnreadable } from './unreadable.ts';

/** Room for Node to read headers far over the quota, so that the gateway, not Node, refuses them (HA-22). */
const NODE_HEADER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 60_000;

/** A key and its certificate, both PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** A server with the gateway's limits, that speaks TLS where the gateway has an identity for it. */
export function createHttpServer(
  context: Pick<GatewayContext, 'log' | 'quotas' | 'switches' | 'tls'>,
  listener: RequestListener,
): Server {
  const { quotas, tls } = context;
  const { headersMs, requestMs } = quotas;
  const limits = {
    maxHeaderSize: NODE_HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs, requestMs, 5_000),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const server = tls ? createTlsServer({ ...limits, ...tls }, listener) : createServer(limits, listener);
  // Node would drop what comes after the first thousand, without a word.
  server.maxHeadersCount = 0;
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.prependListener('request', (request, response) => answers.set(request.socket, response));
  server.on(
    'clientError',
    createUnreadable(context, (socket) => answers.get(socket)),
  );
  return server;
}
