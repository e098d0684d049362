import type { Server } from 'node:http';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Latency } from '../latency/latency.ts';
import { type Metering, NO_METERING } from '../meter/metering.ts';
import { type Clock, systemClock } from '../stack/clock.ts';
import type { Invoker } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import type { Streams } from '../stack/random.ts';
import type { FunctionUrl, HttpApi, LambdaFunction, Stack, WebSocketApi } from '../stack/stack.ts';
import { createAuthority } from './authority.ts';
import type { GatewayContext } from './context.ts';
import { type GatewayControl, NO_CONNECTIONS } from './control.ts';
import { DEFAULT_GATEWAY_FAULTS, type GatewayFaults } from './faults.ts';
import { createFunctionUrl } from './function-url/function-url.ts';
import { createHttpApi } from './http/http-api.ts';
import { createHttpServer, type TlsIdentity } from './http-server.ts';
import { createIds } from './ids.ts';
import { type Listening, listen } from './listen.ts';
import { createManagementApi } from './management/management-api.ts';
import { DEFAULT_QUOTAS, type Quotas } from './quotas.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { createThrottle } from './throttle.ts';
import { createWebSocketApi } from './websocket/websocket-api.ts';

export interface GatewayOptions {
  readonly stack: Stack;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly clock: Clock;
  /** Of ids, and of each fault. */
  readonly randomOf: Streams;
  /** The default, `127.0.0.1`, listens on `::1` as well, where there is one. */
  readonly host?: string;
  /** 0 for any. */
  readonly ports: {
    readonly http: number;
    readonly websocket: number;
    /** Of the first function URL; each further one takes the next. */
    readonly functionUrl?: number;
  };
  readonly quotas?: Partial<Quotas>;
  readonly switches?: Partial<Switches>;
  readonly faults?: Partial<GatewayFaults>;
  /** Told of what is billed. */
  readonly metering?: Metering;
  /** What takes time in AWS; nothing does without it. */
  readonly latency?: Latency;
  /** Who may sign. */
  readonly credentials: CredentialStore;
  /** What signers go by: this machine's own time unless given, however fast `clock` runs. */
  readonly signerClock?: Clock;
  /** Serves TLS, and nothing but TLS. */
  readonly tls?: TlsIdentity;
}

export interface Gateway {
  /** Each is there if the stack has the API behind it. */
  readonly urls: {
    /** `http://localhost:4000` */
    readonly http?: string;
    /** `ws://localhost:4001/dev` */
    readonly websocket?: string;
    /** `http://localhost:4001/dev`, the SDK's endpoint for `@connections`. */
    readonly management?: string;
    /** Function URLs by function name: `http://localhost:4002`. */
    readonly functions?: Readonly<Record<string, string>>;
  };
  /** What only a test may do. */
  readonly control: GatewayControl;
  /** Drops all connections (WebSocket clients see 1001) and resolves when the ports are free. */
  stop(): Promise<void>;
}

/** One of the gateway's ports. */
interface Door {
  readonly server: Server;
  readonly port: number;
  readonly urls: (port: number) => Gateway['urls'];
  readonly control?: GatewayControl;
  readonly stop: () => void;
}

/**
 * Starts API Gateway for a stack: its HTTP API on one port, its WebSocket API and `@connections` on another, and each
 * function URL on one of its own.
 * @throws an error with `code: 'EADDRINUSE'` and `port` when a port is taken; nothing is left listening then
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stack, ports, host = '127.0.0.1' } = options;
  const context = createContext(options);
  const doors: Door[] = [];
  if (stack.httpApi) doors.push(httpDoor(context, stack.httpApi, ports.http));
  const first = ports.functionUrl ?? 0;
  const withUrl = stack.functions.flatMap((fn) => (fn.url ? [{ fn, url: fn.url }] : []));
  for (const [at, { fn, url }] of withUrl.entries()) {
    doors.push(functionUrlDoor(context, fn, url, first === 0 ? 0 : first + at));
  }
  if (stack.webSocketApi) doors.push(webSocketDoor(context, stack.webSocketApi, ports.websocket));

  const listening: Listening[] = [];
  // The WebSocket API last: what the others still have to answer may come in by the WebSocket API.
  const stop = async () => {
    for (const [at, door] of doors.entries()) {
      door.stop();
      await listening[at]?.close();
    }
  };
  let urls: Gateway['urls'] = {};
  try {
    for (const door of doors) {
      const opened = await listen(door.server, host, door.port);
      listening.push(opened);
      urls = mergeUrls(urls, door.urls(opened.port));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const control = doors.find((door) => door.control)?.control ?? NO_CONNECTIONS;
  return { urls, control, stop };
}

function createContext(options: GatewayOptions): GatewayContext {
  const { stack, invoker, log, clock, randomOf, switches, faults, credentials, tls } = options;
  const quotas = { ...DEFAULT_QUOTAS, ...options.quotas };
  return {
    stack,
    clock,
    randomOf,
    log,
    idsOf: (part) => createIds(clock, randomOf(`ids of ${part}`)),
    quotas,
    switches: { ...DEFAULT_SWITCHES, ...switches },
    faults: { ...DEFAULT_GATEWAY_FAULTS, ...faults },
    metering: options.metering ?? NO_METERING,
    ...(options.latency && { latency: options.latency }),
    authority: createAuthority(credentials, stack.region, options.signerClock ?? systemClock),
    accountThrottle: createThrottle({ rate: quotas.requestsPerSecond, burst: quotas.requestBurst, clock }),
    ...(tls && { tls }),
    integrations: { permissions: stack.permissions, invoker, clock, log },
  };
}

function mergeUrls(left: Gateway['urls'], right: Gateway['urls']): Gateway['urls'] {
  const functions = { ...left.functions, ...right.functions };
  return { ...left, ...right, ...(Object.keys(functions).length > 0 && { functions }) };
}

function functionUrlDoor(context: GatewayContext, fn: LambdaFunction, url: FunctionUrl, port: number): Door {
  const server = createHttpServer(context, createFunctionUrl(context, fn, url));
  const scheme = context.tls ? 'https' : 'http';
  return {
    server,
    port,
    urls: (chosen) => ({ functions: { [fn.name]: `${scheme}://localhost:${chosen}` } }),
    stop: () => {},
  };
}

function httpDoor(context: GatewayContext, api: HttpApi, port: number): Door {
  const server = createHttpServer(context, createHttpApi(context, api));
  const scheme = context.tls ? 'https' : 'http';
  return { server, port, urls: (chosen) => ({ http: `${scheme}://localhost:${chosen}` }), stop: () => {} };
}

function webSocketDoor(context: GatewayContext, api: WebSocketApi, port: number): Door {
  const sockets = createWebSocketApi(context, api);
  const server = createHttpServer(context, createManagementApi(context, api, sockets));
  server.on('upgrade', sockets.upgrade);
  const secure = context.tls ? 's' : '';
  const origin = (chosen: number) => `localhost:${chosen}/${api.stage.name}`;
  return {
    server,
    port,
    urls: (chosen) => ({
      websocket: `ws${secure}://${origin(chosen)}`,
      management: `http${secure}://${origin(chosen)}`,
    }),
    control: sockets.control,
    stop: sockets.stop,
  };
}
