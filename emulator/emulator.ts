import { createCertificate } from './certificate.ts';
import { startDynamoDb } from './dynamodb/start-dynamodb.ts';
import type { GatewayControl } from './gateway/control.ts';
import { type Gateway, startGateway } from './gateway/gateway.ts';
import { DEFAULT_QUOTAS, type Quotas } from './gateway/quotas.ts';
import { createCredentialStore } from './iam/credentials.ts';
import { type AsyncPolicy, DEFAULT_ASYNC_POLICY } from './lambda/async-queue.ts';
import { createLambda, type Lambda } from './lambda/create-lambda.ts';
import { startInvokeApi } from './lambda/invoke-api.ts';
import { chooseSpreads } from './latency/choose-spreads.ts';
import { createLatency } from './latency/latency.ts';
import { withInvokeLatency } from './latency/slow-invoker.ts';
import { type LocalOrigins, originsByHost, withLocalEnvironment } from './local-origins.ts';
import { createMeter, type MeterReading } from './meter/create-meter.ts';
import { answerMeterPage } from './meter/meter-page.ts';
import { portsOf, startOnPorts } from './ports.ts';
import { createReload, type Reloaded, requireLoadable } from './reload.ts';
import { readSettings, type Settings } from './settings.ts';
import { type Clock, systemClock } from './stack/clock.ts';
import type { Log } from './stack/log.ts';
import { createRandom, createStreams } from './stack/random.ts';
import { apiDomain, functionUrlDomain, type Stack } from './stack/stack.ts';

export interface EmulatorOptions extends Settings {
  /** Takes the next free port where one is taken, instead of failing. */
  readonly portSearch?: boolean;
  readonly clock?: Clock;
  readonly log?: Log;
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
  /** What AWS would have billed since the start, or the last `resetMeter`. */
  meter(): MeterReading;
  resetMeter(): void;
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
  const { clock = systemClock, log = () => {}, portSearch = false, ...given } = options;
  const settings = readSettings({ ...given });
  const { switches = {}, clockSpeed = 1 } = settings;
  const ports = portsOf(settings.ports);
  const seed = settings.seed ?? clock.now();
  log({ level: 'info', source: 'emulator', message: `seed ${seed}` });
  for (const message of stack.warnings ?? []) log({ level: 'warn', source: 'emulator', message });
  const credentials = createCredentialStore(stack.functions, stack.accountId, seed);
  // Each part draws from numbers of its own, so that what one does changes nothing for the others.
  const randomOf = (part: number) => createRandom(seed + part);

  const latency = createLatency(chooseSpreads(settings.latency), clock, createStreams(seed));
  // Messages that take their own time each need no shuffling besides.
  const faults = { ...(latency && { messageShuffleMs: 0 }), ...settings.faults };

  const { traceField } = settings;
  const architectures = new Map(stack.functions.map(({ name, architecture = 'x86_64' }) => [name, architecture]));
  const meter = createMeter({
    log,
    architectureOf: (name) => architectures.get(name) ?? 'x86_64',
    ...(traceField !== undefined && { traceField }),
  });
  const functionNames = new Set(stack.functions.map(({ name }) => name));

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
  const near: Pick<Lambda, 'invoke'> = {
    invoke: async (functionArn, payload, options) => (await functions).invoke(functionArn, payload, options),
  };
  const invoker = latency === undefined ? near : withInvokeLatency(near, latency);
  try {
    if (stack.tables.length > 0) {
      parts.database = await startOnPorts({ dynamodb: ports.dynamodb }, portSearch, ({ dynamodb: port }) =>
        startDynamoDb({
          database: settings.dynamodb ?? 'embedded',
          port,
          region: stack.region,
          credentials,
          faults,
          random: randomOf(1),
          tables: stack.tables,
          ...(settings.ttlDelayMs !== undefined && { ttlDelayMs: settings.ttlDelayMs / clockSpeed }),
          clock,
          log,
          metering: meter,
          ...(latency && { latency }),
        }),
      );
    }
    const tls = settings.tls ? await createCertificate(hostsOf(stack), clock.now()) : undefined;
    const { http, websocket, functionUrl } = ports;
    parts.gateway = await startOnPorts({ http, websocket, functionUrl }, portSearch, (chosen) =>
      startGateway({
        stack,
        invoker,
        log,
        clock,
        randomOf: createStreams(seed),
        ports: chosen,
        quotas: hastened({ ...DEFAULT_QUOTAS, ...settings.quotas }, clockSpeed),
        switches,
        faults,
        credentials,
        metering: meter,
        ...(latency && { latency }),
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
        ownPage: (request) => answerMeterPage(request, meter),
      }),
    );
    const origins = originsByHost(stack, localOrigins(urls, parts.invokeApi.url));
    const local = (from: Stack) => from.functions.map((fn) => withLocalEnvironment(fn, origins));
    const lambda = createLambda({
      functions: local(stack),
      region: stack.region,
      log(entry) {
        if (functionNames.has(entry.source)) meter.logged(entry.message);
        log(entry);
      },
      onInvoked: meter.invoked,
      clock,
      random: randomOf(2),
      faults,
      credentials,
      ...(settings.concurrency !== undefined && { concurrency: settings.concurrency }),
      ...(settings.environmentIdleMs !== undefined && { idleMs: settings.environmentIdleMs }),
      ...(settings.freeze !== undefined && { freeze: settings.freeze }),
      ...(latency && {
        drawColdStart: () => ({ createMs: latency.draw('environmentStart'), initMs: latency.draw('coldInit') }),
      }),
      ...(tls && { certificate: tls.cert }),
      origins,
      environment: {
        ...(parts.database && { AWS_ENDPOINT_URL_DYNAMODB: parts.database.url }),
        ...settings.environment,
      },
    });
    parts.lambda = lambda;
    functionsReady(lambda);
    requireLoadable(await lambda.prepare());
    const { invokeApi, database } = parts;
    return {
      urls: { ...urls, lambda: invokeApi.url, ...(database && { dynamodb: database.url }) },
      control: parts.gateway.control,
      meter: meter.read,
      resetMeter: meter.reset,
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
