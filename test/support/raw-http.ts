import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { HeaderPair } from '../../src/protocol/messages.ts';

/** Long after everything else has given up: a visitor that hangs shall say so itself. */
const SILENCE_MS = 15_000;

export interface RawMessage {
  /** The request or status line. */
  readonly line: string;
  /** In order and as spelled; each character is a byte. */
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
  readonly trailers: readonly HeaderPair[];
  /** False where the connection ended before the message did. */
  readonly whole: boolean;
}

export interface RawAnswer extends RawMessage {
  readonly status: number;
  readonly reason: string;
  /** Statuses of the 1xx that came before. */
  readonly informational: readonly number[];
}

/** Writes a request as it is and reads the answer as it is: nothing follows, decodes, joins or adds. */
export async function askRaw(port: number, request: Uint8Array): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  try {
    const bytes = createByteReader(socket);
    socket.write(request);
    const head = Buffer.from(request.buffer, request.byteOffset, 8).toString('latin1');
    return await readAnswer(bytes, head.startsWith('HEAD '));
  } finally {
    socket.destroy();
  }
}

/** What an upstream does with a connection once it has read a request. */
export interface RawReply {
  readonly bytes: Uint8Array;
  readonly end: 'keep' | 'close' | 'reset';
}

export interface RawUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

/** Reads requests as they are and answers each with the very bytes given. */
export async function startRawHttpUpstream(reply: (request: RawMessage) => RawReply): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket).catch(() => socket.destroy());
  });
  async function serve(socket: Socket): Promise<void> {
    const bytes = createByteReader(socket);
    for (;;) {
      const request = await readRequest(bytes);
      if (!request) return void socket.destroy();
      const { bytes: answer, end } = reply(request);
      await new Promise<void>((resolve) => socket.write(answer, () => resolve()));
      if (end === 'close') return void socket.end();
      if (end === 'reset') return void socket.resetAndDestroy();
    }
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of a connection, asked for one by one. */
interface ByteReader {
  /** Latin-1 without its line end; undefined where the connection ended first. */
  line(): Promise<string | undefined>;
  /** So many bytes, or fewer where the connection ended first. */
  take(length: number): Promise<Buffer>;
  /** All there is until the connection ends. */
  rest(): Promise<{ readonly bytes: Buffer; readonly broken: boolean }>;
}

function createByteReader(socket: Socket): ByteReader {
  let held: Buffer[] = [];
  let length = 0;
  let ended = false;
  let broken = false;
  let wake: () => void = () => {};
  const end = () => {
    ended = true;
    wake();
  };
  socket.on('data', (bytes) => {
    held.push(bytes);
    length += bytes.length;
    wake();
  });
  socket.on('end', end);
  socket.on('close', end);
  socket.on('error', () => {
    broken = true;
  });

  /** @returns false once nothing more comes */
  async function more(): Promise<boolean> {
    if (ended) return false;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
    return true;
  }

  function cut(at: number): Buffer {
    const all = Buffer.concat(held, length);
    held = at < all.length ? [all.subarray(at)] : [];
    length = Math.max(0, all.length - at);
    return all.subarray(0, at);
  }

  return {
    async line() {
      for (;;) {
        const all = Buffer.concat(held, length);
        const at = all.indexOf('\r\n');
        held = [all];
        if (at >= 0) return cut(at + 2).toString('latin1', 0, at);
        if (!(await more())) return undefined;
      }
    },
    async take(wanted) {
      while (length < wanted && (await more()));
      return cut(wanted);
    },
    async rest() {
      while (await more());
      return { bytes: cut(length), broken };
    },
  };
}

async function readRequest(bytes: ByteReader): Promise<RawMessage | undefined> {
  const line = await bytes.line();
  if (line === undefined) return undefined;
  const headers = await readHeaders(bytes);
  if (!headers) return undefined;
  const length = firstOf(headers, 'content-length');
  if (length === undefined && !isChunked(headers)) return { line, headers, ...NO_BODY, whole: true };
  return { line, headers, ...(await readBody(bytes, headers)) };
}

async function readAnswer(bytes: ByteReader, toHead: boolean): Promise<RawAnswer> {
  const informational: number[] = [];
  for (;;) {
    const line = await bytes.line();
    const headers = line === undefined ? undefined : await readHeaders(bytes);
    const [, digits = '0', reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(line ?? '') ?? [];
    const status = Number(digits);
    if (line === undefined || !headers || status === 0) {
      return { line: line ?? '', status, reason, informational, headers: headers ?? [], ...NO_BODY, whole: false };
    }
    if (status < 200 && status !== 101) {
      informational.push(status);
      continue;
    }
    const bodiless = toHead || status === 101 || status === 204 || status === 304;
    const body = bodiless ? { ...NO_BODY, whole: true } : await readBody(bytes, headers);
    return { line, status, reason, informational, headers, ...body };
  }
}

const NO_BODY = { body: Buffer.alloc(0), trailers: [] } as const;

async function readBody(
  bytes: ByteReader,
  headers: readonly HeaderPair[],
): Promise<Pick<RawMessage, 'body' | 'trailers' | 'whole'>> {
  if (isChunked(headers)) return readChunks(bytes);
  const length = firstOf(headers, 'content-length');
  if (length === undefined) {
    const { bytes: body, broken } = await bytes.rest();
    return { body, trailers: [], whole: !broken };
  }
  const body = await bytes.take(Number(length));
  return { body, trailers: [], whole: body.length === Number(length) };
}

async function readChunks(bytes: ByteReader): Promise<Pick<RawMessage, 'body' | 'trailers' | 'whole'>> {
  const chunks: Buffer[] = [];
  for (;;) {
    const size = Number.parseInt((await bytes.line()) ?? '', 16);
    const chunk = size > 0 ? await bytes.take(size) : Buffer.alloc(0);
    chunks.push(chunk);
    if (Number.isNaN(size) || chunk.length < size) return { body: Buffer.concat(chunks), trailers: [], whole: false };
    if (size === 0) break;
    await bytes.line();
  }
  const trailers = await readHeaders(bytes);
  return { body: Buffer.concat(chunks), trailers: trailers ?? [], whole: trailers !== undefined };
}

async function readHeaders(bytes: ByteReader): Promise<HeaderPair[] | undefined> {
  const headers: HeaderPair[] = [];
  for (;;) {
    const line = await bytes.line();
    if (line === undefined) return undefined;
    if (line === '') return headers;
    const colon = line.indexOf(':');
    headers.push([line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
}

function isChunked(headers: readonly HeaderPair[]): boolean {
  return /\bchunked$/i.test(firstOf(headers, 'transfer-encoding') ?? '');
}

function firstOf(headers: readonly HeaderPair[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}
