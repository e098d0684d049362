import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import { encode, recordOf, tag, within } from './ask.ts';
import type { Instruction, ProbeRecord } from './probe/src/instruction.ts';
import type { Target } from './target.ts';

/** After an answer came, the function has told already; reading the records may take a moment. */
const RECORD_PATIENCE_MS = 2_000;
const ANSWER_PATIENCE_MS = 15_000;

export type HeaderLine = readonly [name: string, value: string];

/** What went over the wire, where `fetch` would hide spellings, repetitions, and what the path really was. */
export interface Exchange {
  readonly status: number;
  /** As on the wire, one entry a line. */
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
  readonly ms: number;
  /** Bytes of request line and header lines as they were sent, without the empty line. */
  readonly sentHeadBytes: number;
  /** The values of a header, whatever its spelling. */
  values(name: string): readonly string[];
  record(): Promise<ProbeRecord>;
  /** The event that the function received. */
  event(): Promise<HttpEvent>;
}

/** What tests look at of either payload format. */
export interface HttpEvent extends Readonly<Record<string, unknown>> {
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: Readonly<Record<string, unknown>> & { readonly http?: Readonly<Record<string, unknown>> };
}

export interface ExchangeOptions {
  readonly method?: string;
  /** Lines as they are sent; `Host`, `Connection: keep-alive` and what the body needs come by themselves unless given. */
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Buffer;
  /** Sent as a chunked body, a pause before each but the first. */
  readonly chunks?: readonly string[];
  readonly pauseMs?: number;
  readonly instruction?: Instruction;
  /** Another way in than the HTTP API. */
  readonly origin?: string;
}

/** Sends a request whose target and header lines arrive as they are given. */
export async function exchange(target: Target, path: string, options: ExchangeOptions = {}): Promise<Exchange> {
  const { method = 'GET', headers = [], body, chunks, instruction = {}, origin = target.http } = options;
  const wanted = instruction.tag ?? tag();
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  const agent = secure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const length = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  const lines = [
    ...(names.has('host') ? [] : [['Host', url.host]]),
    ...headers,
    ['x-do', encode({ ...instruction, tag: wanted })],
    ...(names.has('content-length') ? [] : length),
    ...(chunks && !names.has('transfer-encoding') ? [['Transfer-Encoding', 'chunked']] : []),
    ...(names.has('connection') ? [] : [['Connection', 'keep-alive']]),
  ];
  const given: RequestOptions = {
    host: url.hostname,
    port: url.port || (secure ? 443 : 80),
    // A domain of one's own is asked for by its name, also inside TLS.
    ...(secure && {
      servername: (headers.find(([name]) => name === 'Host')?.[1] ?? url.hostname).replace(/:\d+$/, ''),
    }),
    method,
    path,
    agent,
    setHost: false,
    headers: lines.flat(),
  };
  const startedAt = performance.now();
  const request = secure ? requestHttps(given) : requestHttp(given);
  try {
    const answered = within(once(request, 'response'), `${method} ${path} was not answered`, ANSWER_PATIENCE_MS);
    for (const [index, chunk] of (chunks ?? []).entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, options.pauseMs ?? 0));
      request.write(chunk);
    }
    request.end(body);
    const [response] = (await answered) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const ms = performance.now() - startedAt;
    const received = pairs(response.rawHeaders);
    const record = () => recordOf(target, (each) => each.tag === wanted, RECORD_PATIENCE_MS);
    return {
      status: response.statusCode ?? 0,
      headers: received,
      body: Buffer.concat(parts),
      ms,
      sentHeadBytes: [`${method} ${path} HTTP/1.1`, ...lines.map((line) => line.join(': '))].join('\r\n').length + 2,
      values: (name) => received.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value),
      record,
      event: async () => (await record()).event as HttpEvent,
    };
  } finally {
    request.on('error', () => {});
    request.destroy();
    agent.destroy();
  }
}

function pairs(raw: readonly string[]): HeaderLine[] {
  return raw.flatMap((name, index): HeaderLine[] => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []));
}
