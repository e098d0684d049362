import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Gateway, type GatewayOptions, startGateway } from '../../../emulator/gateway/gateway.ts';
import { createCredentialStore } from '../../../emulator/iam/credentials.ts';
import type { Clock } from '../../../emulator/stack/clock.ts';
import type { InvokeResult, Invoker } from '../../../emulator/stack/invoker.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import { createStreams } from '../../../emulator/stack/random.ts';
import type { HttpApi, InvokePermission, Stack, WebSocketApi } from '../../../emulator/stack/stack.ts';

/** 09 Feb 2024 18:11:43 UTC. */
export const START = 1_707_502_303_000;
export const WS_ARN = 'arn:aws:execute-api:us-east-1:123456789012:wsapi12345';
export const HTTP_ARN = 'arn:aws:execute-api:us-east-1:123456789012:httpapi123';

export interface FakeClock extends Clock {
  /** Moves time on and calls back, in order, whatever falls due on the way. */
  advance(ms: number): void;
  /** Callbacks that wait for their time. */
  pending(): number;
}

export function createFakeClock(): FakeClock {
  let now = START;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.at <= end).sort((left, right) => left.at - right.at)[0];
        if (!next) break;
        timers = timers.filter((timer) => timer !== next);
        now = next.at;
        next.callback();
      }
      now = end;
    },
    pending: () => timers.length,
  };
}

export function functionArn(name: string): string {
  return `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
}

/** @param routes function names by route key; `!` at the end of a key gives the route a route response */
export function webSocketApi(routes: Record<string, string>, overrides: Partial<WebSocketApi> = {}): WebSocketApi {
  return {
    logicalId: 'WebsocketsApi',
    apiId: 'wsapi12345',
    name: 'dev-websockets',
    stage: { name: 'dev', variables: {} },
    routeSelectionExpression: '$request.body.action',
    routes: Object.entries(routes).map(([key, name]) => ({
      logicalId: `Route${name}`,
      routeKey: key.replace(/!$/, ''),
      respond: key.endsWith('!'),
      authorization: { kind: 'none' as const },
      integration: integration(name, '1.0', 29_000),
    })),
    defaultEndpoint: true,
    ...overrides,
  };
}

/** @param routes function names by route key */
export function httpApi(
  routes: Record<string, string>,
  format: '1.0' | '2.0',
  overrides: Partial<HttpApi> = {},
): HttpApi {
  return {
    logicalId: 'HttpApi',
    apiId: 'httpapi123',
    name: 'dev-http',
    stages: [{ name: '$default', variables: {} }],
    routes: Object.entries(routes).map(([routeKey, name]) => ({
      logicalId: `Route${name}`,
      routeKey,
      integration: integration(name, format, 30_000),
      authorization: { kind: 'none' as const },
    })),
    defaultEndpoint: true,
    ...overrides,
  };
}

function integration(name: string, payloadFormatVersion: '1.0' | '2.0', timeoutMs: number) {
  return { logicalId: `Integration${name}`, functionArn: functionArn(name), payloadFormatVersion, timeoutMs };
}

export function permission(name: string, sourceArn: string): InvokePermission {
  return {
    logicalId: `${name}LambdaPermission`,
    functionArn: functionArn(name),
    principal: 'apigateway.amazonaws.com',
    action: 'lambda:InvokeFunction',
    sourceArn,
  };
}

/** A stack whose functions may all be invoked by both APIs, unless `permissions` says otherwise. */
export function createStack(apis: Pick<Stack, 'httpApi' | 'webSocketApi'>, permissions?: InvokePermission[]): Stack {
  const routes = [...(apis.httpApi?.routes ?? []), ...(apis.webSocketApi?.routes ?? [])];
  const anyStage = routes.flatMap((route) => [
    { ...permission('Ws', `${WS_ARN}/*`), functionArn: route.integration.functionArn },
    { ...permission('Http', `${HTTP_ARN}/*`), functionArn: route.integration.functionArn },
  ]);
  return {
    name: 'test-dev',
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    functions: [],
    domains: [],
    permissions: permissions ?? anyStage,
    tables: [],
    ...apis,
  };
}

/** What a function in a test does with an event: its result, or a whole invocation result. */
export type TestFunction = (event: TestEvent) => unknown;

export interface TestEvent extends Record<string, unknown> {
  readonly requestContext: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const THROWS: InvokeResult = { kind: 'failed', errorType: 'Error', errorMessage: 'secret detail' };

/** Runs plain functions by name and remembers what each was given. */
function createTestInvoker(functions: Record<string, TestFunction>): Invoker & {
  readonly events: { readonly name: string; readonly event: TestEvent }[];
  eventsOf(name: string): TestEvent[];
} {
  const events: { name: string; event: TestEvent }[] = [];
  return {
    events,
    eventsOf: (name) => events.filter((each) => each.name === name).map((each) => each.event),
    async invoke(arn, payload) {
      const name = arn.slice(arn.lastIndexOf(':') + 1);
      const event = JSON.parse(payload) as TestEvent;
      events.push({ name, event });
      const result = await functions[name]?.(event);
      return isInvokeResult(result) ? result : { kind: 'returned', payload: JSON.stringify(result ?? null) };
    },
  };
}

function isInvokeResult(value: unknown): value is InvokeResult {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly invoker: ReturnType<typeof createTestInvoker>;
  readonly log: LogEntry[];
  readonly clock: FakeClock;
  readonly http: string;
  readonly websocket: string;
  readonly management: string;
}

const leftovers: (() => unknown)[] = [];

/** Starts a gateway on any ports, on a clock that stands still, without shuffling. */
export async function startTestGateway(
  stack: Stack,
  functions: Record<string, TestFunction>,
  options: Partial<Pick<GatewayOptions, 'quotas' | 'switches' | 'faults' | 'latency' | 'randomOf' | 'ports'>> = {},
): Promise<TestGateway> {
  const invoker = createTestInvoker(functions);
  const clock = createFakeClock();
  const log: LogEntry[] = [];
  const gateway = await startGateway({
    stack,
    invoker,
    clock,
    log: (entry) => log.push(entry),
    randomOf: createStreams(1),
    ports: { http: 0, websocket: 0 },
    ...options,
    faults: { messageShuffleMs: 0, ...options.faults },
    credentials: createCredentialStore(stack.functions, stack.accountId, 1),
  });
  leftovers.push(() => gateway.stop());
  const { http = '', websocket = '', management = '' } = gateway.urls;
  return { gateway, invoker, log, clock, http, websocket, management };
}

/** Stops whatever the test started; for `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all(leftovers.splice(0).map((stop) => stop()));
}

export interface TestClient {
  readonly socket: WebSocket;
  /** The TCP connection under it, to write bytes that no client would. */
  readonly raw: Socket;
  /** The next text message; one that came before it was asked for is not lost. */
  message(): Promise<string>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Opens a WebSocket; rejects with `status` and `body` when the handshake is refused. */
export async function openClient(
  url: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
): Promise<TestClient> {
  const socket = new WebSocket(url, protocols, { headers });
  const messages: string[] = [];
  const waiting: ((message: string) => void)[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? '(binary)' : data.toString('utf8');
    const next = waiting.shift();
    if (next) next(message);
    else messages.push(message);
  });
  let raw = new Socket();
  socket.once('upgrade', (response) => {
    raw = response.socket;
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }));
  });
  leftovers.push(() => socket.terminate());
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', reject);
    socket.once('unexpected-response', async (_request, response) => {
      const slices: Buffer[] = [];
      for await (const slice of response) slices.push(slice);
      const body = Buffer.concat(slices).toString('utf8');
      reject(Object.assign(new Error('refused'), { status: response.statusCode, body, headers: response.headers }));
    });
  });
  return {
    socket,
    raw,
    closed,
    message: () => {
      const ready = messages.shift();
      return ready === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ready);
    },
  };
}

/** The refusal of a handshake, which must be refused. */
export async function refusalOf(url: string): Promise<{ status: number; body: string }> {
  return openClient(url).then(
    () => Promise.reject(new Error('the handshake was accepted')),
    (error: { status: number; body: string }) => ({ status: error.status, body: error.body }),
  );
}

/** Sends bytes as they are and collects all that comes back until the server closes. */
export async function rawRequest(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  leftovers.push(() => socket.destroy());
  const slices: Buffer[] = [];
  socket.on('data', (slice: Buffer) => slices.push(slice));
  socket.write(text, 'latin1');
  await once(socket, 'end');
  return Buffer.concat(slices).toString('latin1');
}

/** A promise and the hand that settles it. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Resolves when `condition` holds, looked at once a turn of the event loop; gives up after a second or so many ms. */
export async function until(condition: () => boolean, ms = 1_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
