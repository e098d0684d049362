import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeAgentMessage, encode } from '../../../src/protocol/codec.ts';
import type { AgentMessage, ConnectionEstablished, EdgeMessage, Ready } from '../../../src/protocol/messages.ts';
import { createFrameReader } from './frame-lengths.ts';
import { createQueue, type Queue } from './queue.ts';

/** An edge that says only what the test tells it to. */
export interface ScriptedEdge {
  readonly endpoint: string;
  /** The next connection that an agent has opened. */
  accept(): Promise<EdgeConnection>;
  /** Accepts a connection, takes its `ready` and answers it, and so with the `ping` that follows. */
  greet(established?: Partial<ConnectionEstablished>): Promise<EdgeConnection & { readonly ready: Ready }>;
  /** From now on handshakes get this status; 101 lets them in again. */
  answerHandshakesWith(status: number): void;
  /** Handshakes so far, also refused ones. */
  handshakes(): number;
  stop(): Promise<void>;
}

/** As the edge has it. */
export interface EdgeConnection {
  readonly headers: IncomingHttpHeaders;
  /** Payload length of every frame that came. */
  readonly frameLengths: readonly number[];
  readonly received: Queue<AgentMessage>;
  next<Type extends AgentMessage['type']>(type: Type): Promise<AgentMessage & { type: Type }>;
  send(message: EdgeMessage): void;
  sendText(text: string): void;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  close(code: number, reason?: string): void;
  /** Cuts the connection without a close frame. */
  cut(): void;
}

const V2_HELLO = { protocol: 2, renewAfterSeconds: 6_600, heartbeatSeconds: 300 } as const;

export const ESTABLISHED: ConnectionEstablished = {
  type: 'connection_established',
  connectionId: 'PJqB0fHsqRcCHlw=',
  tunnelId: 'abc123def456',
  publicUrl: 'http://localhost:4000/abc123def456',
  subdomainUrl: 'http://abc123def456.localhost:4000',
  hello: V2_HELLO,
};

/** `connection_established` as a version 1 edge says it. */
export const ESTABLISHED_V1: Partial<ConnectionEstablished> = { hello: undefined };

/** @param answersPings those of the WebSocket protocol (WS-48) */
export async function startScriptedEdge(answersPings = true): Promise<ScriptedEdge> {
  const http = createServer();
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: answersPings });
  const connections = createQueue<EdgeConnection>('connections');
  let status = 101;
  let handshakes = 0;

  http.on('upgrade', (request, socket, head) => {
    handshakes += 1;
    if (status !== 101) return socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    const frames = createFrameReader();
    socket.on('data', frames.read);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      connections.push(scriptedConnection(webSocket, request.headers, frames.lengths));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  return {
    endpoint: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/dev`,
    accept: () => connections.next(),
    async greet(established) {
      const connection = await connections.next();
      const ready = await connection.next('ready');
      connection.send({ ...ESTABLISHED, ...established });
      await connection.next('ping');
      connection.send({ type: 'pong' });
      return { ...connection, ready };
    },
    answerHandshakesWith(next) {
      status = next;
    },
    handshakes: () => handshakes,
    async stop() {
      for (const client of webSockets.clients) client.terminate();
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}

function scriptedConnection(
  webSocket: WebSocket,
  headers: IncomingHttpHeaders,
  frameLengths: readonly number[],
): EdgeConnection {
  const received = createQueue<AgentMessage>('messages');
  webSocket.on('message', (data) => {
    const message = decodeAgentMessage(data.toString());
    if (message.type === 'malformed' || message.type === 'unknown') throw new Error(`the agent sent ${data}`);
    received.push(message);
  });
  return {
    headers,
    frameLengths,
    received,
    async next<Type extends AgentMessage['type']>(type: Type) {
      return (await received.next((message) => message.type === type)) as AgentMessage & { type: Type };
    },
    send: (message) => webSocket.send(encode(message)),
    sendText: (text) => webSocket.send(text),
    closed: new Promise((resolve) => webSocket.once('close', resolve)),
    close: (code, reason) => webSocket.close(code, reason),
    cut: () => webSocket.terminate(),
  };
}
