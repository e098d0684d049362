import { randomBytes } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { encode, recordOf, tag, within } from './ask.ts';
import { createFrameReader, type Frame } from './frame-reader.ts';
import type { Instruction, ProbeRecord } from './probe/src/instruction.ts';
import type { Target } from './target.ts';

export interface RawHandshakeOptions {
  readonly instruction?: Instruction;
  /** As they go over the wire, in place of the usual ones of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the target's, with its query. */
  readonly path?: string;
}

/** A handshake as it goes over the wire, where a WebSocket library would choose, check and hide. */
export interface RawHandshake {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** Of a refusal. */
  readonly body: string;
  /** The next frame from the gateway. */
  frame(): Promise<Frame>;
  /** How much came after the 101 and was not asked for. */
  unread(): number;
  /** The CONNECT event. */
  record(): Promise<ProbeRecord>;
  end(): void;
}

/** Shakes hands without offering anything but the version; the instruction travels in a header, so that there is no query. */
export async function shakeHands(target: Target, options: RawHandshakeOptions = {}): Promise<RawHandshake> {
  const url = new URL(target.websocket);
  const wanted = options.instruction?.tag ?? tag();
  const headers = {
    Host: url.host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'x-do': encode({ ...options.instruction, tag: wanted }),
  };
  const request = (url.protocol === 'wss:' ? requestHttps : requestHttp)({
    host: url.hostname,
    port: url.port || undefined,
    path: options.path ?? url.pathname,
    headers: replaced(headers, options.headers ?? {}),
    setHost: false,
  });
  const record = () => recordOf(target, (each) => each.tag === wanted);
  const answered = new Promise<RawHandshake>((resolve, reject) => {
    request.once('error', reject);
    request.once('upgrade', (response, socket, head) => resolve(accepted(response, socket, head, record)));
    request.once('response', (response) => refused(response, record).then(resolve, reject));
  });
  request.end();
  return within(answered, 'the handshake was not answered');
}

/** Given names take the place of the usual ones, whatever the spelling of either. */
function replaced(usual: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>) {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(usual).filter(([name]) => !names.has(name.toLowerCase()))), ...given };
}

function accepted(
  response: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  record: () => Promise<ProbeRecord>,
): RawHandshake {
  const reader = createFrameReader(socket, head);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: '',
    frame: () => within(reader.next(), 'no frame came'),
    unread: reader.unread,
    record,
    end: () => socket.destroy(),
  };
}

async function refused(response: IncomingMessage, record: () => Promise<ProbeRecord>): Promise<RawHandshake> {
  let body = '';
  for await (const slice of response.setEncoding('utf8')) body += slice;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    frame: () => Promise.reject(new Error(`the handshake was refused with ${response.statusCode}`)),
    unread: () => 0,
    record,
    end: () => {},
  };
}
