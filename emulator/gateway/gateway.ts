import { createServer, type RequestListener, type Server } from 'node:http';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Clock } from '../stack/clock.ts';
import type { Invoker } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import type { HttpApi, Stack, WebSocketApi } from '../stack/stack.ts';
import { createAuthority } from './authority.ts';
import type { GatewayContext } from './context.ts';
import { DEFAULT_GATEWAY_FAULTS, type GatewayFaults } from './faults.ts';
import { createHttpApi } from './http/http-api.ts';
import { createIds } from './ids.ts';
import { type Listening, listen } from './listen.ts';
import { createManagementApi } from './management-api.ts';
import { DEFAULT_QUOTAS, type Quotas } from './quotas.ts';
import { DEFAULT_SWITCHES, type Switches } from './switches.ts';
import { createWebSocketApi } from './websocket/websocket-api.ts';

/** Room for Node to read headers far over the quota, so that the gateway, not Node, refuses them (HA-22). */
const NODE_HEADER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 60_000;

export interface GatewayOptions {
  readonly stack: Stack;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 to 1; ids and all shuffling come from it. */
  readonly random: () => number;
  /** The default, `127.0.0.1`, listens on `::1` as well, where there is one. */
  readonly host?: string;
  /** 0 for any. */
  readonly ports: { readonly http: number; readonly websocket: number };
  readonly quotas?: Partial<Quotas>;
  readonly switches?: Partial<Switches>;
  readonly faults?: Partial<GatewayFaults>;
  /** Who may sign. */
  readonly credentials: CredentialStore;
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
  };
  /** Drops all connections (WebSocket clients see 1001) and resolves when the ports are free. */
  stop(): Promise<void>;
}

/** One of the gateway's two ports. */
interface Door {
  readonly server: Server;
  readonly port: number;
  readonly urls: (port: number) => Gateway['urls'];
  readonly stop: () => void;
}

/**
 * Starts API Gateway for a stack: its HTTP API on one port, its WebSocket API and `@connections` on another.
 * @throws an error with `code: 'EADDRINUSE'` and `port` when a port is taken; nothing is left listening then
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stack, ports, host = '127.0.0.1' } = options;
  const context = createContext(options);
  const doors: Door[] = [];
  if (stack.httpApi) doors.push(httpDoor(context, stack.httpApi, ports.http));
  if (stack.webSocketApi) doors.push(webSocketDoor(context, stack.webSocketApi, ports.websocket));

  const listening: Listening[] = [];
  // The HTTP API first: what it still has to answer may come in by the WebSocket API.
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
      urls = { ...urls, ...door.urls(opened.port) };
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, stop };
}

function createContext(options: GatewayOptions): GatewayContext {
  const { stack, invoker, log, clock, random, quotas, switches, faults, credentials } = options;
  return {
    stack,
    clock,
    random,
    log,
    ids: createIds(clock, random),
    quotas: { ...DEFAULT_QUOTAS, ...quotas },
    switches: { ...DEFAULT_SWITCHES, ...switches },
    faults: { ...DEFAULT_GATEWAY_FAULTS, ...faults },
    authority: createAuthority(credentials, stack.region, clock),
    integrations: { permissions: stack.permissions, invoker, clock, log },
  };
}

function httpDoor(context: GatewayContext, api: HttpApi, port: number): Door {
  const server = createHttpServer(context.quotas, createHttpApi(context, api));
  return { server, port, urls: (chosen) => ({ http: `http://localhost:${chosen}` }), stop: () => {} };
}

function webSocketDoor(context: GatewayContext, api: WebSocketApi, port: number): Door {
  const sockets = createWebSocketApi(context, api);
  const server = createHttpServer(context.quotas, createManagementApi(context, api, sockets));
  server.on('upgrade', sockets.upgrade);
  const origin = (chosen: number) => `localhost:${chosen}/${api.stage.name}`;
  return {
    server,
    port,
    urls: (chosen) => ({ websocket: `ws://${origin(chosen)}`, management: `http://${origin(chosen)}` }),
    stop: sockets.stop,
  };
}

function createHttpServer({ headersMs, requestMs }: Quotas, listener: RequestListener): Server {
  const limits = {
    maxHeaderSize: NODE_HEADER_BYTES,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(headersMs, requestMs, 5_000),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  return createServer(limits, listener);
}
