import { createCertificate } from './certificate.ts';
import type { DatabaseFaults } from './dynamodb/faults.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import type { GatewayControl } from './gateway/control.ts';
import type { GatewayFaults } from './gateway/faults.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { DEFAULT_QUOTAS, type Quotas } from './gateway/quotas.ts';
import type { Switches } from './gateway/switches.ts';
import { createCredentialStore } from './iam/credentials.ts';
import { type AsyncPolicy, DEFAULT_ASYNC_POLICY } from './lambda/async-queue.ts';
import { createLambda, type Lambda } from './lambda/create-lambda.ts';
import type { LambdaFaults } from './lambda/faults.ts';
import { startInvokeApi } from './lambda/invoke-api.ts';
import { type LocalOrigins, originsByHost, withLocalEnvironment } from './local-origins.ts';
import { startOnPorts } from './ports.ts';
import { createReload, type Reloaded, requireLoadable } from './reload.ts';
import { type Clock, systemClock } from './stack/clock.ts';
import type { Log } from './stack/log.ts';
import { createRandom } from './stack/random.ts';
import { apiDomain, functionUrlDomain, type Stack } from './stack/stack.ts';

export interface EmulatorOptions {
  /** 0 for any free one; as text too, which is all that a variable of serverless.yml can be. */
  readonly ports?: PortSettings;
  /** Takes the next free port where one is taken, instead of failing. */
  readonly portSearch?: boolean;
  readonly switches?: Partial<Switches>;
  readonly quotas?: Partial<Quotas>;
  readonly faults?: Partial<Faults>;
  /** Invocations under way at once, all functions together; 1,000 unless given (LA-06). */
  readonly concurrency?: number;
  /** False lets functions go on between events, unlike AWS (LA-02). */
  readonly freeze?: boolean;
  readonly clock?: Clock;
  /** How many times faster the long limits come: ten idle minutes, two hours of life, time to live,
   *  the pauses between attempts at an asynchronous event. 1 unless given. */
  readonly clockSpeed?: number;
  /** Serves the APIs by TLS alone, with a certificate made for the run (MG-14). */
  readonly tls?: boolean;
  /** The same seed gives the same order of events and the same ids. Drawn from the clock unless given, and logged. */
  readonly seed?: number;
  /** `embedded`, the default, or the URL of a DynamoDB that runs already. */
  readonly dynamodb?: string;
  /** Milliseconds that the embedded database keeps an item past its time to live; for ever unless given (DD-03). */
  readonly ttlDelayMs?: number;
  /** Variables laid over every function's own. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log?: Log;
}

/** What goes wrong on purpose, drawn by seed. */
export type Faults = GatewayFaults & LambdaFaults & DatabaseFaults;

export interface EmulatorPorts {
  /** HTTP API. */
  readonly http: number;
  /** WebSocket API and its Management API. */
  readonly websocket: number;
  /** Lambda's Invoke API. */
  readonly lambda: number;
  readonly dynamodb: number;
  /** The first function URL; further ones take the ports after it. */
  readonly functionUrl: number;
}

export type PortSettings = Partial<Readonly<Record<keyof EmulatorPorts, number | string>>>;

const DEFAULT_PORTS: EmulatorPorts = { http: 4000, websocket: 4001, lambda: 3002, dynamodb: 8000, functionUrl: 4002 };

/** The ports that settings ask for, the usual ones where they say nothing. */
export function portsOf(settings: PortSettings = {}): EmulatorPorts {
  const ports = { ...DEFAULT_PORTS, ...settings };
  return {
    http: Number(ports.http),
    websocket: Number(ports.websocket),
    lambda: Number(ports.lambda),
    dynamodb: Number(ports.dynamodb),
    functionUrl: Number(ports.functionUrl),
  };
}

export interface Emulator {
  /** An endpoint is absent when the stack has nothing behind it. */
  readonly urls: {
    /** `http://localhost:4000` */
    readonly http?: string;
    /** `ws://localhost:4001/dev` */
    readonly websocket?: string;
    /** `http://localhost:4001/dev` */
    readonly management?: string;
    readonly lambda: string;
    readonly dynamodb?: string;
    /** Function URLs, without a path, by function name. */
    readonly functions?: Readonly<Record<string, string>>;
  };
  /** Connections, cut and closed at will. */
  readonly control: GatewayControl;
  /** PEM; with `tls`: what clients must trust, by NODE_EXTRA_CA_CERTS or otherwise. */
  readonly certificate?: string;
  /**
   * Puts a newer package of the same stack in the place of the running one, without closing a connection.
   * Only functions can change that way.
   */
  reload(stack: Stack): Promise<Reloaded>;
  /** Ends everything that was started, whatever it is doing. */
  stop(): Promise<void>;
}

/**
 * Runs a stack on this machine: its APIs, functions and tables.
 * @throws EmulatorError PORT_TAKEN, DATABASE_UNREACHABLE or HANDLER_UNLOADABLE; nothing is left running then
 */
export async function startEmulator(stack: Stack, options: EmulatorOptions = {}): Promise<Emulator> {
  const {
    clock = systemClock,
    log = () => {},
    portSearch = false,
    switches = {},
    faults = {},
    clockSpeed = 1,
  } = options;
  const ports = portsOf(options.ports);
  const seed = options.seed ?? clock.now();
  log({ level: 'debug', source: 'emulator', message: `seed ${seed}` });
  const credentials = createCredentialStore(stack.functions, stack.accountId, seed);
  // Each part draws from numbers of its own, so that what one does changes nothing for the others.
  const randomOf = (part: number) => createRandom(seed + part);

  const parts: Parts = {};
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopInOrder(parts);
    return stopped;
  };

  // Functions learn the gateway's ports, so they are made after it; an event that comes in between waits for them.
  let functionsReady: (lambda: Lambda) => void = () => {};
  const functions = new Promise<Lambda>((resolve) => {
    functionsReady = resolve;
  });
  const invoker: Pick<Lambda, 'invoke'> = {
    invoke: async (functionArn, payload, requestId) => (await functions).invoke(functionArn, payload, requestId),
  };
  try {
    if (stack.tables.length > 0) {
      parts.database = await startOnPorts({ dynamodb: ports.dynamodb }, portSearch, ({ dynamodb: port }) =>
        startDynamoDb({
          database: options.dynamodb ?? 'embedded',
          port,
          region: stack.region,
          credentials,
          faults,
          random: randomOf(1),
          tables: stack.tables,
          ...(options.ttlDelayMs !== undefined && { ttlDelayMs: options.ttlDelayMs / clockSpeed }),
          clock,
          log,
        }),
      );
    }
    const tls = options.tls ? await createCertificate(hostsOf(stack), clock.now()) : undefined;
    const { http, websocket, functionUrl } = ports;
    parts.gateway = await startOnPorts({ http, websocket, functionUrl }, portSearch, (chosen) =>
      startGateway({
        stack,
        invoker,
        log,
        clock,
        random: randomOf(0),
        ports: chosen,
        quotas: hastened({ ...DEFAULT_QUOTAS, ...options.quotas }, clockSpeed),
        switches,
        faults,
        credentials,
        ...(tls && { tls }),
      }),
    );
    const { urls } = parts.gateway;
    parts.invokeApi = await startOnPorts({ lambda: ports.lambda }, portSearch, ({ lambda: port }) =>
      startInvokeApi({
        functions: stack.functions,
        invoker,
        port,
        access: { credentials, region: stack.region },
        log,
        faults,
        random: randomOf(3),
        policy: hastenedPolicy(clockSpeed),
      }),
    );
    const origins = originsByHost(stack, localOrigins(urls, parts.invokeApi.url));
    const local = (from: Stack) => from.functions.map((fn) => withLocalEnvironment(fn, origins));
    const lambda = createLambda({
      functions: local(stack),
      region: stack.region,
      log,
      clock,
      random: randomOf(2),
      faults,
      credentials,
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(options.freeze !== undefined && { freeze: options.freeze }),
      ...(tls && { certificate: tls.cert }),
      origins,
      environment: { ...(parts.database && { AWS_ENDPOINT_URL_DYNAMODB: parts.database.url }), ...options.environment },
    });
    parts.lambda = lambda;
    functionsReady(lambda);
    requireLoadable(await lambda.prepare());
    const { invokeApi, database } = parts;
    return {
      urls: { ...urls, lambda: invokeApi.url, ...(database && { dynamodb: database.url }) },
      control: parts.gateway.control,
      ...(tls && { certificate: tls.cert }),
      reload: createReload(stack, (next) => lambda.reload(local(next))),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The pauses between attempts at an asynchronous event, so many times shorter. */
function hastenedPolicy(clockSpeed: number): AsyncPolicy {
  const { retryDelaysMs, throttleDelaysMs, mostAgeMs, capacity } = DEFAULT_ASYNC_POLICY;
  return {
    retryDelaysMs: retryDelaysMs.map((ms) => ms / clockSpeed),
    throttleDelaysMs: { first: throttleDelaysMs.first / clockSpeed, longest: throttleDelaysMs.longest / clockSpeed },
    mostAgeMs: mostAgeMs / clockSpeed,
    capacity,
  };
}

/** Names that the APIs have in AWS. */
function hostsOf(stack: Stack): string[] {
  const apis = [stack.httpApi, stack.webSocketApi].flatMap((api) => (api ? [apiDomain(stack, api.apiId)] : []));
  const urls = stack.functions.flatMap(({ url }) => (url ? [functionUrlDomain(stack, url.urlId)] : []));
  return [...apis, ...urls, ...stack.domains.map(({ domainName }) => domainName)];
}

/** The limits that take minutes and hours, so many times shorter. */
function hastened(quotas: Quotas, clockSpeed: number): Quotas {
  return { ...quotas, idleMs: quotas.idleMs / clockSpeed, lifeMs: quotas.lifeMs / clockSpeed };
}

/** What runs, as far as it has been started. */
interface Parts {
  invokeApi?: { readonly url: string; stop(): Promise<void> };
  gateway?: Gateway;
  lambda?: Lambda;
  database?: { readonly url: string; stop(): Promise<void> };
}

/** First the ways in, then the functions, which may still be at their last events, then what those write to. */
async function stopInOrder({ invokeApi, gateway, lambda, database }: Parts): Promise<void> {
  for (const part of [invokeApi, gateway, lambda, database]) await part?.stop();
}

function localOrigins({ http, management, functions = {} }: Gateway['urls'], lambda: string): LocalOrigins {
  return {
    ...(http && { http }),
    ...(management && { websocket: new URL(management).origin }),
    functions,
    lambda,
  };
}
