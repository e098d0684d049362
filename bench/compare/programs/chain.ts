/**
 * The hops of a tunnelled request and nothing else: HTTP door, worker that forwards, POST, WebSocket to the agent, WebSocket back,
 * worker that takes messages, POST, WebSocket to the worker that forwards. No events, no signatures, no permissions, no limits, no
 * tables; a worker serves any number of requests at once. The honest ceiling of what the same road could carry.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { type WebSocket, WebSocketServer } from 'ws';

/** From a worker: the answer to a call, as JSON. */
interface Returned {
  readonly id: number;
  readonly result: string;
}

/** tsx, which reads TypeScript in this thread, does so in another only where that asks for it. */
const START = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(require('node:worker_threads').workerData.program);
});`;

const connections = new Map<string, WebSocket>();
let lastConnection = 0;
let agent = '';

const gateway = createServer(post);
const sockets = new WebSocketServer({ server: gateway, perMessageDeflate: false });
gateway.keepAliveTimeout = 120_000;
gateway.listen(0, '127.0.0.1');
await once(gateway, 'listening');
const { port } = gateway.address() as AddressInfo;

const forward = createCaller('chain-forward.ts');
const message = createCaller('chain-message.ts');

sockets.on('connection', (socket, { url = '/' }) => {
  lastConnection += 1;
  const connectionId = `c${lastConnection}`;
  connections.set(connectionId, socket);
  socket.once('close', () => connections.delete(connectionId));
  if (url === '/reply') return socket.send(connectionId);
  agent = connectionId;
  socket.on('message', (data) => void message({ connectionId, body: String(data), publicUrl }));
});

const door = createServer((request, response) => {
  const slices: Buffer[] = [];
  request.on('data', (slice: Buffer) => slices.push(slice));
  request.once('end', async () => {
    const { method, url, headersDistinct: headers } = request;
    const body = Buffer.concat(slices).toString('base64');
    answer(response, await forward({ agent, method, url, headers, body }));
  });
});
door.keepAliveTimeout = 120_000;
door.listen(0, '127.0.0.1');
await once(door, 'listening');
const publicUrl = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
await forward.ready;
process.send?.({ id: -1, answer: `ws://127.0.0.1:${port}/agent` });

/** `POST /@connections/<id>`. */
function post(request: IncomingMessage, response: ServerResponse): void {
  const slices: Buffer[] = [];
  request.on('data', (slice: Buffer) => slices.push(slice));
  request.once('end', () => {
    const socket = connections.get(request.url?.split('/').at(-1) ?? '');
    socket?.send(Buffer.concat(slices), { binary: false });
    response.writeHead(socket ? 200 : 410).end();
  });
}

function answer(response: ServerResponse, result: string): void {
  const { status_code, headers, body } = JSON.parse(result);
  const { connection: _hop, 'keep-alive': _hint, ...sent } = headers;
  response.writeHead(status_code, sent);
  response.end(Buffer.from(body, 'base64'));
}

function createCaller(file: string) {
  const workerData = { program: new URL(file, import.meta.url).href, origin: `http://127.0.0.1:${port}` };
  const worker = new Worker(START, { eval: true, workerData });
  const waiting = new Map<number, (result: string) => void>();
  let last = 0;
  const ready = once(worker, 'message').then(() => {
    worker.on('message', ({ id, result }: Returned) => {
      waiting.get(id)?.(result);
      waiting.delete(id);
    });
  });
  const call = (event: object) =>
    new Promise<string>((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      worker.postMessage({ id: last, payload: JSON.stringify(event) });
    });
  return Object.assign(call, { ready });
}
