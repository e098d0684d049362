import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { apiDomain, type WebSocketApi } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { forwardedHeaders } from '../events/headers.ts';
import { parseTarget } from '../events/target.ts';
import { type ConnectionFacts, connectEvent, disconnectEvent } from '../events/websocket.ts';
import { domainNameOf, sourceIpOf } from '../host.ts';
import { describeFailure, type Outcome } from '../integration.ts';
import { ABNORMAL, type Closing } from './closing.ts';
import { type Connection, createConnection } from './connection.ts';
import { gatewayMessage } from './gateway-message.ts';
import { judgeConnect, malformedHandshake, type Refusal, refused, refuseHandshake } from './handshake.ts';
import { bindRoutes, createMessageRoutes } from './message-routes.ts';

/** How much of an unusable result the log shows. */
const LOGGED_CHARACTERS = 200;

/** What the Management API sees of a connection. */
export type Found =
  /** `$connect` still runs, or the 101 is younger than the activation delay: not to be posted to (MG-05, MG-18). */
  | { readonly kind: 'connecting'; readonly settled: Promise<void> }
  | { readonly kind: 'open'; readonly connection: Connection };

export interface WebSocketApiServer {
  /** For the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  find(connectionId: string): Found | undefined;
  /** Drops every connection and every handshake; `$disconnect` is not invoked. */
  stop(): void;
}

interface Handshake {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly facts: ConnectionFacts;
}

export function createWebSocketApi(context: GatewayContext, api: WebSocketApi): WebSocketApiServer {
  const { stack, clock, ids, log, quotas, switches } = context;
  const ownDomain = apiDomain(stack, api.apiId);
  const bound = bindRoutes(context, api);
  const routeMessage = createMessageRoutes(context, api, bound);
  const connecting = new Map<string, Promise<void>>();
  const open = new Map<string, { readonly connection: Connection; readonly usableFrom: number }>();
  const handshakes = new Set<Duplex>();
  const subprotocols = new WeakMap<IncomingMessage, string>();
  let stopped = false;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // WS-14
    maxPayload: quotas.messageBytes,
  });
  // The function's word, even when the client offered none or something else (WS-13).
  server.on('headers', (lines, request) => {
    const subprotocol = subprotocols.get(request);
    if (subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  });

  async function handshake(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { path, query } = parseTarget(request.url ?? '');
    const malformed = malformedHandshake(request);
    if (malformed) return refuse(socket, malformed, `handshake on ${path} is malformed`);
    if (path !== `/${api.stage.name}` && path !== `/${api.stage.name}/`) {
      return refuse(socket, refused(403, 'Forbidden'), `handshake on ${path}: the only stage is /${api.stage.name}`);
    }
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const facts: ConnectionFacts = {
      connectionId: ids.next(),
      apiId: api.apiId,
      domainName: domainNameOf(request.headers.host, ownDomain),
      stage: api.stage,
      connectedAt: clock.now(),
      sourceIp,
      userAgent: request.headers['user-agent'],
    };
    const shake: Handshake = { request, socket, head, facts };
    // Without a $connect route nobody is asked (WS-09).
    const integration = bound.get('$connect');
    if (!integration) return accept(shake, undefined);

    const occurrence = { requestId: ids.next(), at: facts.connectedAt + 1 };
    const headers = forwardedHeaders(request.rawHeaders, {
      sourceIp,
      proto: switches.forwardedProto,
      traceId: ids.trace(),
    });
    const calling = integration.call(JSON.stringify(connectEvent(facts, occurrence, { headers, query })));
    connecting.set(
      facts.connectionId,
      calling.then(() => {}),
    );
    const outcome = await calling;
    connecting.delete(facts.connectionId);

    const verdict = judgeConnect(outcome, switches);
    if (verdict.accepted) return accept(shake, verdict.subprotocol);
    const body = gatewayMessage(verdict.message, facts.connectionId, occurrence.requestId);
    const { note, behaviour } = describeRefusal(integration.functionArn, outcome, verdict);
    refuse(
      socket,
      verdict,
      `connection ${facts.connectionId} refused with ${verdict.status}: ${note}`,
      behaviour,
      body,
    );
  }

  function refuse(socket: Duplex, { status }: Refusal, message: string, behaviour = 'WS-04', body?: string): void {
    refuseHandshake(socket, status, switches.failedHandshakeBody ? body : undefined);
    log({ level: status >= 500 ? 'error' : 'warn', source: 'gateway', message, behaviour });
  }

  function accept({ request, socket, head, facts }: Handshake, subprotocol: string | undefined): void {
    if (stopped) return;
    if (socket.destroyed || !socket.readable || !socket.writable) {
      closed(facts, ABNORMAL);
      return;
    }
    // `ws` would pick the first protocol offered.
    delete request.headers['sec-websocket-protocol'];
    if (subprotocol !== undefined) subprotocols.set(request, subprotocol);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection: Connection = createConnection(webSocket, socket, {
        facts,
        clock,
        quotas,
        switches,
        onMessage: (body) => routeMessage(connection, body).catch(logBroken),
        onClosed: (closing) => closed(facts, closing),
      });
      open.set(facts.connectionId, { connection, usableFrom: clock.now() + switches.activationDelayMs });
      const ms = clock.now() - facts.connectedAt;
      const message = `connection ${facts.connectionId} open on /${api.stage.name} after ${ms} ms`;
      log({ level: 'info', source: 'gateway', message, behaviour: 'WS-01' });
    });
  }

  function closed(facts: ConnectionFacts, closing: Closing): void {
    open.delete(facts.connectionId);
    const message = `connection ${facts.connectionId} closed: ${closing.code} ${closing.reason}`.trimEnd();
    log({ level: 'info', source: 'gateway', message, behaviour: 'WS-62' });
    const integration = bound.get('$disconnect');
    if (!integration || stopped) return;
    const occurrence = { requestId: ids.next(), at: clock.now() };
    integration
      .call(JSON.stringify(disconnectEvent(facts, occurrence, closing)))
      .then((outcome) => {
        // What it returns matters to nobody (WS-65); that it ran at all does.
        if (stopped || outcome.kind === 'returned') return;
        const note = `$disconnect of ${facts.connectionId}: ${describeFailure(integration.functionArn, outcome)}`;
        log({ level: 'error', source: 'gateway', message: note, behaviour: 'WS-60' });
      })
      .catch(logBroken);
  }

  function logBroken(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log({ level: 'error', source: 'gateway', message });
  }

  return {
    upgrade(request, socket, head) {
      // The client may vanish while $connect runs.
      socket.on('error', () => {});
      handshakes.add(socket);
      handshake(request, socket, head)
        .catch((error: unknown) => {
          logBroken(error);
          socket.destroy();
        })
        .finally(() => handshakes.delete(socket));
    },
    find(connectionId) {
      const settled = connecting.get(connectionId);
      if (settled) return { kind: 'connecting', settled };
      const entry = open.get(connectionId);
      if (!entry?.connection.isOpen()) return undefined;
      return clock.now() < entry.usableFrom
        ? { kind: 'connecting', settled: Promise.resolve() }
        : { kind: 'open', connection: entry.connection };
    },
    stop() {
      stopped = true;
      for (const { connection } of open.values()) connection.abandon();
      open.clear();
      for (const socket of handshakes) socket.destroy();
    },
  };
}

/** Why `$connect` let nobody in, for the log. */
function describeRefusal(
  functionArn: string,
  outcome: Outcome,
  { fault }: Refusal,
): { note: string; behaviour: string } {
  if (outcome.kind !== 'returned') {
    const behaviour = outcome.kind === 'forbidden' ? 'WS-06' : outcome.kind === 'timed-out' ? 'WS-10' : 'WS-05';
    return { note: describeFailure(functionArn, outcome), behaviour };
  }
  return fault === undefined
    ? { note: `${functionArn} returned that status`, behaviour: 'WS-04' }
    : { note: `${functionArn} returned ${fault}: ${outcome.payload.slice(0, LOGGED_CHARACTERS)}`, behaviour: 'WS-05' };
}
