import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Latency } from '../../latency/latency.ts';
import { strikes } from '../../stack/random.ts';
import { apiDomain, type WebSocketApi } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import type { GatewayControl } from '../control.ts';
import { forwardedHeaders } from '../events/headers.ts';
import { parseTarget } from '../events/target.ts';
import { type ConnectionFacts, connectEvent, type HandshakeRequest, type Occurrence } from '../events/websocket.ts';
import { sourceIpOf } from '../host.ts';
import { functionName } from '../integration.ts';
import { createAdmission } from './admission.ts';
import { type Authorization, createConnectAuthorization } from './authorize-connect.ts';
import { ABNORMAL, type Closing } from './closing.ts';
import { type Connection, createConnection } from './connection.ts';
import { createDisconnects } from './disconnects.ts';
import { gatewayMessage } from './gateway-message.ts';
import { judgeConnect, type Refusal, refuseHandshake, type Verdict } from './handshake.ts';
import { createLine } from './line.ts';
import { bindRoutes, createMessageRoutes } from './message-routes.ts';
import { createOpenConnections, type Found } from './open-connections.ts';
import { createThrottling } from './throttling.ts';

export interface WebSocketApiServer {
  /** For the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  find(connectionId: string): Found | undefined;
  readonly control: GatewayControl;
  /** Drops every connection and every handshake; `$disconnect` is not invoked. */
  stop(): void;
}

/** Nothing takes time on the way. */
const atOnce = (happens: () => Promise<void>) => happens();

/** A handshake that was let in and waits for its functions. */
interface Handshake extends HandshakeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly facts: ConnectionFacts;
  readonly occurrence: Occurrence;
}

/** The WebSocket API: handshakes, connections, and the functions behind `$connect`, messages and `$disconnect`. */
export function createWebSocketApi(context: GatewayContext, api: WebSocketApi): WebSocketApiServer {
  const { clock, faults, idsOf, latency, log, metering, quotas, switches } = context;
  const connectionIds = idsOf('connections');
  const ids = idsOf('handshakes');
  const halfOpen = context.randomOf('halfOpenRate');
  const bound = bindRoutes(context, api);
  const throttling = createThrottling(context, api);
  const admission = createAdmission(context, api, throttling);
  const authorize = createConnectAuthorization(context, api);
  const routeMessage = createMessageRoutes(context, api, bound, throttling);
  const disconnects = createDisconnects(context, bound.get('$disconnect'));
  const connections = createOpenConnections(clock, switches.activationDelayMs);
  const handshakes = new Set<Duplex>();
  const subprotocols = new WeakMap<IncomingMessage, string>();
  let stopped = false;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    autoPong: false,
    perMessageDeflate: switches.permessageDeflate, // WS-14
    maxPayload: quotas.messageBytes,
  });
  // The function's word, even when the client offered none or something else (WS-13).
  server.on('headers', (lines, request) => {
    const subprotocol = subprotocols.get(request);
    if (subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  });

  async function handshake(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (latency !== undefined) await latency.wait(isAskedByFunction(request) ? 'handshakeInRegion' : 'handshake');
    const connectionId = connectionIds.next();
    const occurrence = { requestId: ids.next(), at: clock.now() + 1 };
    const admitted = admission.admit(request);
    if (!admitted.accepted) {
      const { path } = parseTarget(request.url ?? ''); // no query: it may hold a token
      return refuse(socket, admitted, connectionId, occurrence, path);
    }
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const facts: ConnectionFacts = {
      connectionId,
      apiId: api.apiId,
      domainName: admitted.domainName,
      stage: api.stage,
      connectedAt: clock.now(),
      sourceIp,
      userAgent: request.headers['user-agent'],
    };
    const headers = forwardedHeaders(request.rawHeaders, {
      sourceIp,
      proto: switches.forwardedProto,
      traceId: ids.trace(),
    });
    await ask({ request, socket, head, facts, occurrence, headers, query: admitted.query });
  }

  /** Asks the authorizer, then `$connect`; until both are done, nothing can be posted to the id (MG-05). */
  async function ask(shake: Handshake): Promise<void> {
    const { socket, facts, occurrence } = shake;
    const asking = authorizeAndConnect(shake);
    connections.connecting(facts.connectionId, asking);
    const { verdict, granted } = await asking;
    if (verdict.accepted) return accept(shake, granted, verdict.subprotocol);
    refuse(socket, verdict, facts.connectionId, occurrence, `connection ${facts.connectionId}`);
    if (switches.disconnectAfterRefusal) disconnects.run(granted, ABNORMAL); // WS-66
  }

  async function authorizeAndConnect(shake: Handshake): Promise<{ verdict: Verdict; granted: ConnectionFacts }> {
    const { facts, occurrence } = shake;
    const authorization: Authorization = await authorize(shake);
    if (!authorization.accepted) return { verdict: authorization, granted: facts };
    const granted = { ...facts, ...authorization.facts };
    // Without a $connect route nobody is asked (WS-09).
    const integration = bound.get('$connect');
    if (!integration) return { verdict: { accepted: true }, granted };
    const outcome = await integration.call(JSON.stringify(connectEvent(granted, occurrence, shake)));
    return { verdict: judgeConnect(integration.functionArn, outcome, switches), granted };
  }

  function refuse(
    socket: Duplex,
    refusal: Refusal,
    connectionId: string,
    { requestId }: Occurrence,
    subject: string,
  ): void {
    const { status, message, note, behaviour } = refusal;
    const body = switches.failedHandshakeBody ? gatewayMessage(message, connectionId, requestId) : '';
    refuseHandshake(socket, refusal, body);
    const level = status >= 500 ? 'error' : 'warn';
    log({ level, source: 'gateway', message: `handshake of ${subject} refused with ${status}: ${note}`, behaviour });
  }

  function accept({ request, socket, head }: Handshake, facts: ConnectionFacts, subprotocol: string | undefined): void {
    if (stopped) return;
    // `ws` would pick the first protocol offered.
    delete request.headers['sec-websocket-protocol'];
    if (subprotocol !== undefined) subprotocols.set(request, subprotocol);
    let opened = false;
    if (!socket.destroyed && socket.readable && socket.writable) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        opened = true;
        open(webSocket, socket, facts, isAskedByFunction(request));
      });
    }
    // The client vanished while $connect ran, or asked for an extension in a way that nobody understands.
    if (!opened) closed(facts, ABNORMAL);
  }

  function open(webSocket: WebSocket, socket: Duplex, facts: ConnectionFacts, inRegion: boolean): void {
    const metered = metering.connectionOpened();
    const inbound = latency === undefined ? atOnce : inOrder(latency, inRegion);
    const connection: Connection = createConnection(webSocket, socket, {
      facts,
      inRegion,
      clock,
      quotas,
      switches,
      ...(latency && { drawDeliveryMs: () => latency.draw(inRegion ? 'deliveryInRegion' : 'delivery') }),
      onMessage: (body) => inbound(() => routeMessage(connection, body)).catch(logBroken),
      staysHalfOpen: () => staysHalfOpen(facts),
      onClosed(closing) {
        metered();
        if (latency === undefined) closed(facts, closing);
        else void inbound(async () => closed(facts, closing)).catch(logBroken);
      },
    });
    connections.add(connection);
    const where = `on ${facts.domainName}, stage ${api.stage.name}`;
    const asked = bound.get('$connect');
    const how = asked
      ? `$connect ran by ${functionName(asked.functionArn)}`
      : 'no $connect route, so no function was asked';
    const message = `connection ${facts.connectionId} open ${where}, after ${clock.now() - facts.connectedAt} ms: ${how}`;
    log({ level: 'info', source: 'gateway', message, behaviour: asked ? 'WS-01' : 'WS-09' });
  }

  /** What a client does comes to the gateway a while later, and in its order. */
  function inOrder(delays: Latency, inRegion: boolean): typeof atOnce {
    const line = createLine(clock);
    const step = inRegion ? 'messageArrivesInRegion' : 'messageArrives';
    return (happens) =>
      new Promise((resolve, reject) => {
        line(delays.draw(step), () => {
          if (stopped) resolve();
          else happens().then(resolve, reject);
        });
      });
  }

  /** The name that AWS gives the API leads here from within functions alone; everybody else says localhost. */
  function isAskedByFunction({ headers }: IncomingMessage): boolean {
    const name = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    return name === apiDomain(context.stack, api.apiId);
  }

  function staysHalfOpen({ connectionId }: ConnectionFacts): boolean {
    if (stopped || !strikes(faults.halfOpenRate, halfOpen)) return false;
    const message = `connection ${connectionId} lost its client unnoticed (halfOpenRate): posts get 200 and go nowhere`;
    log({ level: 'warn', source: 'gateway', message, behaviour: 'WS-49' });
    return true;
  }

  function closed(facts: ConnectionFacts, closing: Closing): void {
    connections.remove(facts.connectionId);
    const { code, reason, behaviour = 'WS-62', why, refused = false } = closing;
    const how = [code, reason].filter((part) => part !== '').join(' ');
    const message = `connection ${facts.connectionId} closed: ${how}${why === undefined ? '' : ` (${why})`}`;
    log({ level: refused ? 'warn' : 'info', source: 'gateway', message, behaviour });
    disconnects.run(facts, closing);
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
    find: connections.find,
    control: {
      connections: connections.ids,
      closeAll: ({ code, reason }) => connections.closeAll({ code, reason, why: 'control.closeAll' }),
      cut: (connectionId) => connections.cut(connectionId),
      refuseConnects: admission.refuse,
    },
    stop() {
      stopped = true;
      disconnects.stop();
      connections.abandonAll();
      for (const socket of handshakes) socket.destroy();
    },
  };
}
