import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InvokeResult, Invoker } from '../stack/invoker.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { isFromWebPage } from '../stack/web-page.ts';

/** Largest request read, in bytes: a little over what Lambda takes, so that the refusal is Lambda's (LA-04). */
/** Milliseconds that headers and a whole request may take: nobody holds the port by sending slowly. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

const MOST_BODY_BYTES = 7 * 1024 * 1024;

export interface InvokeApi {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Lambda's own Invoke API, for the AWS SDK and CLI: `POST /2015-03-31/functions/{name or ARN}/invocations`, synchronous
 * (`RequestResponse`) and `DryRun`. Asynchronous invocation is refused: the emulator keeps no queue of events.
 * @param port 0 for any
 * @throws Node's error with `code: 'EADDRINUSE'` when the port is taken
 */
export async function startInvokeApi(options: {
  readonly functions: readonly LambdaFunction[];
  readonly invoker: Invoker;
  readonly port: number;
}): Promise<InvokeApi> {
  const server = createServer(TIMEOUTS, async (request, response) => {
    try {
      const { status, headers, body } = await answer(request, options);
      response.writeHead(status, headers).end(body);
    } catch {
      response.destroy(); // the caller left while sending its event
    }
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function answer(
  request: IncomingMessage,
  { functions, invoker }: { functions: readonly LambdaFunction[]; invoker: Invoker },
): Promise<Answer> {
  if (isFromWebPage(request.headers))
    return refusal(403, 'AccessDeniedException', 'A web page may not invoke functions');
  const path = /^\/2015-03-31\/functions\/([^/]+)\/invocations(?:\?|$)/.exec(request.url ?? '');
  if (request.method !== 'POST' || path === null) {
    return refusal(404, 'UnknownOperationException', 'Only Invoke is emulated');
  }
  const name = decode(path[1] ?? '');
  const fn = functions.find((candidate) => isNamed(candidate, name));
  if (fn === undefined) return asAnswer({ kind: 'not-found' }, name);

  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
  if (type !== 'RequestResponse') {
    return refusal(400, 'InvalidParameterValueException', `InvocationType ${type} is not emulated`);
  }
  const payload = await readBody(request);
  if (payload === undefined) return asAnswer({ kind: 'event-too-large' }, name);
  if (!isJson(payload)) {
    return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json');
  }
  return asAnswer(await invoker.invoke(fn.arn, payload), name);
}

function asAnswer(result: InvokeResult, name: string): Answer {
  switch (result.kind) {
    case 'returned':
      return jsonAnswer(200, { 'x-amz-executed-version': '$LATEST' }, result.payload);
    case 'failed': {
      const { errorType, errorMessage } = result;
      const headers = { 'x-amz-executed-version': '$LATEST', 'x-amz-function-error': 'Unhandled' };
      return jsonAnswer(200, headers, JSON.stringify({ errorType, errorMessage }));
    }
    case 'event-too-large':
      return refusal(413, 'RequestTooLargeException', 'Request must be smaller than 6291456 bytes');
    case 'throttled':
      return refusal(429, 'TooManyRequestsException', 'Rate Exceeded.');
    case 'not-found':
      return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  }
}

/** Name, ARN, or `account:function:name`, each with or without `:$LATEST`. */
function isNamed(fn: LambdaFunction, given: string): boolean {
  const name = given.replace(/:\$LATEST$/, '');
  return name === fn.name || name === fn.arn || (name.includes(':function:') && fn.arn.endsWith(`:${name}`));
}

/** An invocation without a payload hands the function `{}`; undefined when there is too much of it. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString() || '{}';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function refusal(status: number, errorType: string, message: string): Answer {
  const body = JSON.stringify({ Type: 'User', Message: message });
  return jsonAnswer(status, { 'x-amzn-errortype': errorType }, body);
}

function jsonAnswer(status: number, headers: Record<string, string>, body: string): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}
