import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CredentialStore } from '../iam/credentials.ts';
import { type Clock, systemClock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import type { Random } from '../stack/random.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { type AsyncPolicy, createAsyncQueue, DEFAULT_ASYNC_POLICY } from './async-queue.ts';
import type { Lambda } from './create-lambda.ts';
import { DEFAULT_LAMBDA_FAULTS, type LambdaFaults } from './faults.ts';
import { type Answer, answerInvoke, type InvokeRequest } from './invoke-request.ts';

/** Milliseconds that headers and a whole request may take: nobody holds the port by sending slowly. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

/** Largest request read, in bytes: a little over what Lambda takes, so that the refusal is Lambda's (LA-04). */
const MOST_BODY_BYTES = 7 * 1024 * 1024;

export interface InvokeApiOptions {
  readonly functions: readonly LambdaFunction[];
  readonly invoker: Pick<Lambda, 'invoke'>;
  /** 0 for any. */
  readonly port: number;
  /** With these, functions that sign are held to their roles; `region` is what a signature must name. */
  readonly access?: { readonly credentials: CredentialStore; readonly region: string };
  readonly clock?: Clock;
  readonly log?: Log;
  readonly faults?: Partial<LambdaFaults>;
  readonly random?: Random;
  /** Answers what is the emulator's own and no business of Lambda's; undefined for all else. */
  readonly ownPage?: (request: InvokeRequest) => Answer | undefined;
  /** Of asynchronous events. */
  readonly policy?: Partial<AsyncPolicy>;
}

export interface InvokeApi {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Lambda's own Invoke API, for the AWS SDK and CLI: `POST /2015-03-31/functions/{name or ARN}/invocations`, synchronous
 * (`RequestResponse`), asynchronous (`Event`) and `DryRun`.
 * @throws Node's error with `code: 'EADDRINUSE'` when the port is taken
 */
export async function startInvokeApi(options: InvokeApiOptions): Promise<InvokeApi> {
  const { functions, invoker, access, clock = systemClock, log = () => {}, random = () => 1 } = options;
  const queue = createAsyncQueue({
    invoke: (functionArn, payload, requestId) => invoker.invoke(functionArn, payload, { requestId }),
    clock,
    log,
    policy: { ...DEFAULT_ASYNC_POLICY, ...options.policy },
    repeatRate: options.faults?.asyncRepeatRate ?? DEFAULT_LAMBDA_FAULTS.asyncRepeatRate,
    random,
  });
  const context = { functions, invoker, queue, ...(access && { access: { ...access, clock } }) };
  const server = createServer(TIMEOUTS, async (request, response) => {
    try {
      const received = await receive(request);
      const { status, headers, body } = options.ownPage?.(received) ?? (await answerInvoke(received, context));
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
      queue.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function receive(request: IncomingMessage) {
  const { method = '', url = '/', headers } = request;
  const [path = '', ...query] = url.split('?');
  return { method, path, query: query.join('?'), headers, body: await readBody(request) };
}

/** Undefined when there is too much of it. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
