import type { ProbeEntry } from './probe/src/instruction.ts';

/** A place where the probe stack runs. Tests see nothing else of it. */
export interface Target {
  readonly name: TargetName;
  /** What to open a WebSocket at: `wss://….execute-api.us-east-1.amazonaws.com/dev`. */
  readonly websocket: string;
  /** `https://….execute-api.us-east-1.amazonaws.com`, without a path. */
  readonly http: string;
  /** What an SDK takes for the endpoint of `@connections`. */
  readonly management: string;
  /** Lambda's Invoke API, DynamoDB's endpoint, the probe's function URL: where the place has them. */
  readonly lambda?: string;
  readonly dynamodb?: string;
  readonly functionUrl?: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Limits as they hold here, in milliseconds. */
  readonly idleMs: number;
  readonly lifeMs: number;
  /** Everything that functions have told since the target was started. */
  entries(): Promise<readonly ProbeEntry[]>;
  /** Names and tables as deployed: `postern-probe-dev-http2`. */
  functionName(key: string): string;
  stop(): Promise<void>;
}

export type TargetName = 'emulator' | 'serverless-offline' | 'aws';

/** How the message of a test begins that asks for what a place has nothing of; the report counts it neither way. */
export const NOT_THERE = 'not there: ';

/** @throws always: the place has no such endpoint */
export function notThere(what: string): never {
  throw new Error(NOT_THERE + what);
}

/** A way to run the probe: one of its variants, and limits or faults that a behaviour needs to show within seconds. */
export interface Setting {
  /** Of `probe/src/variants.yml`. */
  readonly variant: string;
  /** Settings of our emulator. */
  readonly emulator?: Readonly<Record<string, unknown>>;
  /** Options of `sls offline` that come to the same where there are any. */
  readonly offline?: readonly string[];
  /** Why AWS cannot be asked for this: the test is left out there. */
  readonly notInAws?: string;
}

export const SETTINGS = {
  default: { variant: 'default' },
  'locked-connect': { variant: 'locked-connect' },
  'few-routes': { variant: 'few-routes' },
  authorizer: { variant: 'authorizer' },
  cors: { variant: 'cors' },
  closed: { variant: 'closed' },
  narrow: { variant: 'narrow' },
  'slow-start': { variant: 'slow-start' },
  'guarded-url': { variant: 'guarded-url' },
  'streaming-url': { variant: 'streaming-url' },
  'signed-connect': { variant: 'signed-connect' },
  'hasty-connect': { variant: 'hasty-connect' },
  'composed-route': { variant: 'composed-route' },
  'list-route': { variant: 'list-route' },
  farewell: { variant: 'farewell' },
  domain: { variant: 'domain', notInAws: 'the probe owns no domain' },
  /** Idle for 2 s, alive for 5 s. */
  'short-lives': {
    variant: 'default',
    emulator: { quotas: { idleMs: 2_000, lifeMs: 5_000 } },
    offline: ['--webSocketIdleTimeout', '2', '--webSocketHardTimeout', '5'],
    notInAws: 'ten minutes and two hours cannot be shortened there',
  },
  /** Five connections a second, ten requests at once. */
  throttled: {
    variant: 'default',
    emulator: { quotas: { connectsPerSecond: 5, requestsPerSecond: 10, requestBurst: 10 } },
    notInAws: 'the account’s throttles are for all that runs in it',
  },
  /** Half a second for an integration, whatever the template says. */
  impatient: {
    variant: 'default',
    emulator: { quotas: { webSocketIntegrationMs: 500, httpIntegrationMs: 500 } },
    notInAws: '29 s and 30 s cannot be shortened there',
  },
  /** Messages are held back for up to 200 ms, each on its own. */
  shuffled: {
    variant: 'default',
    emulator: { faults: { messageShuffleMs: 200 } },
    notInAws: 'happens there when it happens',
  },
  /** Nobody notices that a client vanished; indexes lag, and take their time to be made. */
  unnoticed: {
    variant: 'default',
    emulator: { faults: { halfOpenRate: 1, gsiLagMs: 300, gsiCreateMs: 800 }, quotas: { idleMs: 3_000 } },
    offline: ['--webSocketIdleTimeout', '3'],
    notInAws: 'needs the network to be cut',
  },
  /** $disconnect never runs. */
  forgotten: {
    variant: 'default',
    emulator: { faults: { disconnectDropRate: 1 } },
    notInAws: 'happens there when it happens',
  },
  /** $disconnect runs when everybody has stopped waiting. */
  late: {
    variant: 'default',
    emulator: { faults: { disconnectDelayMs: 1_500 } },
    notInAws: 'happens there when it happens',
  },
  /** Every call of the Management API is one too many. */
  'posts-throttled': {
    variant: 'default',
    emulator: { faults: { postThrottleRate: 1 } },
    notInAws: 'the account’s throttles are for all that runs in it',
  },
  /** Every post is delivered, and its answer lost. */
  'posts-repeated': {
    variant: 'default',
    emulator: { faults: { postRepeatRate: 1 } },
    notInAws: 'happens there when it happens',
  },
  /** Four invocations at once, of which one is kept for the function `single`. */
  crowded: {
    variant: 'default',
    emulator: { concurrency: 4 },
    notInAws: 'an account has a thousand at once, for all that runs in it',
  },
  /** The attempts of asynchronous events come within a second, and what succeeded runs twice. */
  repeated: {
    variant: 'default',
    emulator: { clockSpeed: 1_000, faults: { asyncRepeatRate: 1 } },
    notInAws: 'the attempts take minutes there, and events that run twice are rare',
  },
  /** Every other item that is asked of the database is too much for it. */
  pressed: {
    variant: 'default',
    emulator: { faults: { databaseThrottleRate: 0.4 } },
    notInAws: 'tables on demand are throttled there when it happens',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
