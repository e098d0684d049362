import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { type ClientOptions, WebSocket } from 'ws';
import type { Instruction, ProbeNote, ProbeRecord } from './probe/src/instruction.ts';
import type { Target } from './target.ts';

const LOOK_AGAIN_MS = 20;
const PATIENCE_MS = 8_000;
/** What is missing is often missing on purpose in the peer, which is quick otherwise. */
const MESSAGE_PATIENCE_MS = process.env.CONFORMANCE_TARGET === 'serverless-offline' ? 2_500 : PATIENCE_MS;

/** A name for one test's event, by which its record is found. */
export function tag(): string {
  return randomUUID();
}

/** An instruction as queries and headers carry it. */
export function encode(instruction: Instruction): string {
  return Buffer.from(JSON.stringify(instruction)).toString('base64url');
}

/** The record of an event, as soon as a function tells it. */
export function recordOf(
  target: Target,
  fits: (record: ProbeRecord) => boolean,
  ms = PATIENCE_MS,
): Promise<ProbeRecord> {
  return entryOf(target, (entry): entry is ProbeRecord => entry.kind === 'event' && fits(entry), ms);
}

/** What came of something that a function was asked to do. */
export function noteOf(target: Target, wanted: string, ms = PATIENCE_MS): Promise<ProbeNote> {
  return entryOf(target, (entry): entry is ProbeNote => entry.kind === 'note' && entry.tag === wanted, ms);
}

/** Whether a function tells such an event within `ms`; for what must not happen. */
export async function isRecorded(target: Target, fits: (record: ProbeRecord) => boolean, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    if ((await target.entries()).some((entry) => entry.kind === 'event' && fits(entry))) return true;
    await pause(LOOK_AGAIN_MS);
  }
  return false;
}

async function entryOf<Entry>(
  target: Target,
  fits: (entry: ProbeRecord | ProbeNote) => entry is Entry & (ProbeRecord | ProbeNote),
  ms: number,
): Promise<Entry> {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    const found = (await target.entries()).find(fits);
    if (found) return found;
    await pause(LOOK_AGAIN_MS);
  }
  throw new Error('no function has told of that event');
}

export interface Client {
  readonly socket: WebSocket;
  readonly connectionId: string;
  /** The CONNECT event as the function received it. */
  readonly connect: ProbeRecord;
  /** Text frames as they came, the next one each time. */
  message(): Promise<string>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Sends a message for the route `action` (none: no action) with an instruction. */
  ask(action: string | undefined, instruction: Instruction): void;
}

/** Opens a WebSocket and finds out its connection id from what `$connect` received. */
export async function openClient(
  target: Target,
  { instruction = {}, ...options }: { instruction?: Instruction } & ClientOptions = {},
): Promise<Client> {
  const wanted = instruction.tag ?? tag();
  const socket = new WebSocket(`${target.websocket}?do=${encode({ ...instruction, tag: wanted })}`, options);
  const client = listen(socket);
  await once(socket, 'open');
  const connect = await recordOf(target, (record) => record.tag === wanted);
  const { connectionId } = connect.event.requestContext as { connectionId: string };
  return { ...client, connect, connectionId };
}

/** A handshake that is expected to fail: the status and body of the answer. */
export async function refusedHandshake(
  url: string,
  options: ClientOptions = {},
): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(url, options);
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.terminate();
      reject(new Error('the handshake succeeded'));
    });
    socket.once('unexpected-response', async (_request, response) => {
      let body = '';
      for await (const slice of response.setEncoding('utf8')) body += slice;
      resolve({ status: response.statusCode ?? 0, body });
    });
  });
}

/** Keeps what a socket receives until it is asked for. */
export function listen(socket: WebSocket): Pick<Client, 'socket' | 'message' | 'closed' | 'ask'> {
  const texts: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on('message', (data) => {
    const next = waiting.shift();
    if (next) next(String(data));
    else texts.push(String(data));
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  socket.on('error', () => {});
  return {
    socket,
    closed,
    message() {
      const text = texts.shift();
      return text === undefined
        ? within(new Promise((resolve) => waiting.push(resolve)), 'no message came', MESSAGE_PATIENCE_MS)
        : Promise.resolve(text);
    },
    ask: (action, instruction) => socket.send(JSON.stringify({ ...(action && { action }), do: instruction })),
  };
}

/** The SDK's client of `@connections`, trying once unless told otherwise. */
export function managementClient(target: Target, maxAttempts = 1): ApiGatewayManagementApiClient {
  const { management: endpoint, region, credentials } = target;
  return new ApiGatewayManagementApiClient({ endpoint, region, credentials, maxAttempts });
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly record: () => Promise<ProbeRecord>;
}

/** Asks the HTTP API, with an instruction for the function that answers. */
export async function ask(
  target: Target,
  path: string,
  { instruction = {}, ...init }: { instruction?: Instruction } & RequestInit = {},
): Promise<HttpAnswer> {
  const wanted = instruction.tag ?? tag();
  const headers = new Headers(init.headers);
  headers.set('x-do', encode({ ...instruction, tag: wanted }));
  const response = await fetch(target.http + path, { redirect: 'manual', ...init, headers });
  return {
    status: response.status,
    headers: response.headers,
    body: await response.text(),
    record: () => recordOf(target, (record) => record.tag === wanted),
  };
}

/** Fails after a while instead of waiting for ever. */
export async function within<T>(promise: Promise<T>, otherwise: string, ms = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
