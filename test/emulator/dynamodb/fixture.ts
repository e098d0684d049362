import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type DynamoDb, type DynamoDbOptions, startDynamoDb } from '../../../emulator/dynamodb/start-dynamodb.ts';
import { type Credentials, createCredentialStore } from '../../../emulator/iam/credentials.ts';
import { type Clock, systemClock } from '../../../emulator/stack/clock.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import type { LambdaFunction, PolicyStatement, Table } from '../../../emulator/stack/stack.ts';

const REGION = 'us-east-1';

/** Keyed by `id`, with an index on `colour`. */
export const THINGS: Table = {
  logicalId: 'Things',
  name: 'shop-dev-things',
  keySchema: [{ name: 'id', type: 'HASH' }],
  attributes: [
    { name: 'id', type: 'S' },
    { name: 'colour', type: 'S' },
  ],
  indexes: [
    { name: 'by-colour', keySchema: [{ name: 'colour', type: 'HASH' }], projection: 'ALL', nonKeyAttributes: [] },
  ],
};

/** A function whose role allows what `statements` say. */
export function functionWith(name: string, statements?: readonly PolicyStatement[]): LambdaFunction {
  return {
    logicalId: name,
    name,
    arn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    codeFolder: '/nowhere',
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 128,
    environment: {},
    role: { arn: `arn:aws:iam::123456789012:role/${name}-role`, ...(statements && { statements }) },
  };
}

/** A clock that goes on when it is told to. */
export interface HandClock extends Clock {
  advance(ms: number): void;
}

export function createHandClock(): HandClock {
  let now = systemClock.now();
  const planned = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const plan = { at: now + ms, callback };
      planned.add(plan);
      return () => void planned.delete(plan);
    },
    advance(ms) {
      now += ms;
      for (const plan of [...planned]) {
        if (plan.at > now) continue;
        planned.delete(plan);
        plan.callback();
      }
    },
  };
}

export interface TestDatabase extends DynamoDb {
  readonly log: readonly LogEntry[];
  client(credentials: Credentials, options?: { region?: string; maxAttempts?: number }): DynamoDBClient;
  /** Of a function that was given. */
  clientOf(fn: LambdaFunction): DynamoDBClient;
}

/** Starts databases, and ends them and their clients after each test. */
export function databases() {
  const leftovers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const end of leftovers.splice(0).reverse()) await end();
  });

  return async function start(
    options: Partial<DynamoDbOptions> & { readonly functions?: readonly LambdaFunction[] } = {},
  ): Promise<TestDatabase> {
    const { functions, ...others } = options;
    const log: LogEntry[] = [];
    const credentials = functions && createCredentialStore(functions, '123456789012', 1);
    const database = await startDynamoDb({
      database: 'embedded',
      port: 0,
      region: REGION,
      tables: [THINGS],
      clock: systemClock,
      log: (entry) => log.push(entry),
      ...(credentials && { credentials }),
      ...others,
    });
    leftovers.push(() => database.stop());
    function client(given: Credentials, { region = REGION, maxAttempts = 1 } = {}): DynamoDBClient {
      const made = new DynamoDBClient({ endpoint: database.url, region, credentials: given, maxAttempts });
      leftovers.push(() => made.destroy());
      return made;
    }
    return {
      ...database,
      log,
      client,
      clientOf: (fn) => client(credentials?.ofFunction(fn) ?? { accessKeyId: 'any', secretAccessKey: 'any' }),
    };
  };
}

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('nothing was refused');
  return Object.assign(error);
}
