import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import type { SignedRequest } from '../iam/signature.ts';
import type { Metering } from '../meter/metering.ts';
import type { Log } from '../stack/log.ts';
import { isFromWebPage } from '../stack/web-page.ts';
import { type Answer, answerOf, type Call, isObject } from './database.ts';
import { callerName, type createGuard } from './guard.ts';
import { askingForUnits, readUnits } from './metered-answer.ts';
import type { AnswerTo } from './with-faults.ts';

export interface FrontOptions {
  readonly answer: AnswerTo;
  /** Absent: nobody is asked who they are. */
  readonly guard?: ReturnType<typeof createGuard>;
  readonly region: string;
  readonly log: Log;
  /** Told of what each operation consumes. */
  readonly metering?: Metering;
}

/** Bytes of a request: a BatchWriteItem may hold 16 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
const JSON_1_0 = 'application/x-amz-json-1.0';
const SERVICE = 'com.amazon.coral.service#';

/** DynamoDB's HTTP side: what comes in is read, checked and answered here, whichever database does the work. */
export function createFront({ answer, guard, region, log, metering }: FrontOptions): RequestListener {
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No page that happens to be open may use a database that trusts this machine.
    if (isFromWebPage(request.headers)) return end(response, 403, '');
    const body = await readBody(request);
    if (body === 'aborted') return;
    if (body === 'too-large') return end(response, 413, '', { connection: 'close' });
    if (request.method === 'GET') return end(response, 200, `healthy: dynamodb.${region}.amazonaws.com `);
    const type = request.headers['content-type']?.split(';')[0]?.trim();
    if (request.method !== 'POST' || (type !== JSON_1_0 && type !== 'application/json')) {
      return end(response, 404, '<UnknownOperationException/>\n');
    }
    const { status, text } = await answerRequest(request, body);
    end(response, status, text, { 'content-type': type });
  }

  /** Every operation passes here once, with what it asks and who asks it. */
  async function answerRequest(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const call = readCall(request, body);
    if ('status' in call) return call;
    if (guard === undefined) return answerMetered(request, call, 'somebody');
    const ruling = guard(signedRequest(request, body), call);
    return ruling.kind === 'refused' ? ruling.answer : answerMetered(request, call, callerName(ruling.principal));
  }

  async function answerMetered({ headers }: IncomingMessage, call: Call, caller: string): Promise<Answer> {
    if (metering === undefined) return answer(call, caller);
    const trace = headers['x-amzn-trace-id'];
    const ended = metering.tableCallBegins(typeof trace === 'string' ? trace : undefined);
    const { units, answer: answered } = readUnits(call, await answer(askingForUnits(call), caller));
    ended(units);
    return answered;
  }

  return (request, response) => {
    response.on('error', () => {});
    serve(request, response).catch((error: unknown) => {
      log({ level: 'error', source: 'dynamodb', message: error instanceof Error ? error.message : String(error) });
      response.destroy();
    });
  };
}

function readCall(request: IncomingMessage, body: Buffer): Call | Answer {
  const text = body.toString();
  const input = parse(text);
  if (input === undefined) return answerOf(400, { __type: `${SERVICE}SerializationException` });
  const target = request.headers['x-amz-target'];
  const [, operation] = /^DynamoDB_20120810\.(\w+)$/.exec(typeof target === 'string' ? target : '') ?? [];
  if (operation === undefined) return answerOf(400, { __type: `${SERVICE}UnknownOperationException` });
  return { operation, input, text };
}

function parse(text: string): Call['input'] | undefined {
  try {
    const input: unknown = JSON.parse(text);
    return isObject(input) ? input : undefined;
  } catch {
    return undefined;
  }
}

function signedRequest({ method = '', url = '/', headersDistinct }: IncomingMessage, body: Buffer): SignedRequest {
  const question = url.indexOf('?');
  const [path, query] = question < 0 ? [url, ''] : [url.slice(0, question), url.slice(question + 1)];
  return { method, path, query, headers: headersDistinct, body };
}

function readBody(request: IncomingMessage): Promise<Buffer | 'aborted' | 'too-large'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_BYTES) chunks.push(chunk);
      else resolve('too-large');
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve('aborted'));
    request.on('close', () => resolve('aborted'));
  });
}

function end(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    ...headers,
    'content-length': bytes.length,
    'x-amzn-requestid': requestId(),
    'x-amz-crc32': crc32(bytes),
  });
  response.end(bytes);
}

/** 52 capital letters and digits. */
function requestId(): string {
  const letters = randomBytes(39).toString('base64').toUpperCase();
  return letters.replace(/[+/]/g, '0');
}
