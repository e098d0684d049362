import { randomBytes, randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Clock } from '../stack/clock.ts';
import type { InvokeResult, Invoker } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import type { Random } from '../stack/random.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { type Environment, startEnvironment } from './environment.ts';
import type { LambdaFaults } from './faults.ts';
import { functionVariables } from './function-variables.ts';
import { closingLines, describeFailedStart, judge } from './invocation-result.ts';
import { createPool, type Pool } from './pool.ts';
import { createStartGate } from './start-gate.ts';
import { workerCode } from './worker-code.ts';

/** Bytes of the event of a synchronous invocation (LA-04). */
const MOST_EVENT_BYTES = 6 * 1024 * 1024;

/** Invocations under way at once in an account and Region (LA-06). */
const ACCOUNT_CONCURRENCY = 1_000;

const IDLE_MS = 30_000;

/** How long invocations under way may go on when the emulator stops. */
const STOP_PATIENCE_MS = 500;

export interface LambdaOptions {
  readonly functions: readonly LambdaFunction[];
  readonly region: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Variables laid over every function's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What each function signs with; without it all functions get the same, which nobody checks. */
  readonly credentials?: CredentialStore;
  readonly faults?: Partial<LambdaFaults>;
  readonly random?: Random;
  /** False lets an environment's timers and sockets go on between events, unlike AWS (LA-02). */
  readonly freeze?: boolean;
  /** PEM of the certificate that the stack's APIs serve TLS with; absent: they serve plain HTTP. */
  readonly certificate?: string;
  /** Host names of the stack's APIs in AWS → the local origin that answers for each. */
  readonly origins?: ReadonlyMap<string, string>;
  /** Environments that may start at the same time; the number of cores by default. */
  readonly startsAtOnce?: number;
  /** Invocations that may be under way at the same time, all functions together; 1,000 by default (LA-06). */
  readonly concurrency?: number;
  /** Milliseconds after which an idle environment is ended; 30 s by default, less than AWS takes: memory is dearer here. */
  readonly idleMs?: number;
}

export interface Lambda extends Invoker {
  /**
   * Starts one environment of each function ahead of any event.
   * @returns the functions whose handler does not load, with the reason
   */
  prepare(): Promise<readonly { readonly fn: LambdaFunction; readonly reason: string }[]>;
  /**
   * Puts new code, variables and limits in the place of the functions' old ones; what is under way ends on the old code.
   * @returns the functions whose handler does not load, with the reason
   */
  reload(functions: readonly LambdaFunction[]): ReturnType<Lambda['prepare']>;
  /** Ends every environment; what is under way gets half a second to finish. */
  stop(): Promise<void>;
}

/** Runs functions from their unpacked artifacts, each in worker threads of its own. */
export function createLambda(options: LambdaOptions): Lambda {
  const { functions, log, clock, concurrency = ACCOUNT_CONCURRENCY } = options;
  const gate = createStartGate(options.startsAtOnce ?? availableParallelism());
  const pools = new Map<string, { fn: LambdaFunction; pool: Pool }>();
  for (const fn of functions) {
    const start = createStarter(fn, options);
    pools.set(fn.arn, { fn, pool: createPool({ gate, clock, idleMs: options.idleMs ?? IDLE_MS, start }) });
  }
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;

  async function run({ fn, pool }: { fn: LambdaFunction; pool: Pool }, payload: string): Promise<InvokeResult> {
    const requestId = randomUUID();
    const run = await pool.run({ requestId, payload, timeoutMs: fn.timeoutMs }, () =>
      log({ level: 'debug', source: fn.name, message: `START RequestId: ${requestId} Version: $LATEST` }),
    );
    const { result, complaint } = judge(fn, requestId, run);
    if (complaint && !stopped) log({ level: 'error', source: fn.name, ...complaint });
    for (const message of closingLines(fn, requestId, run)) log({ level: 'debug', source: fn.name, message });
    return result;
  }

  return {
    async invoke(functionArn, payload) {
      const target = pools.get(functionArn);
      if (target === undefined) return { kind: 'not-found' };
      if (Buffer.byteLength(payload) > MOST_EVENT_BYTES) return { kind: 'event-too-large' };
      if (underWay.size >= concurrency) return { kind: 'throttled', reason: 'account' };
      const result = run(target, payload);
      underWay.add(result);
      return result.finally(() => underWay.delete(result));
    },

    async prepare() {
      const failed = await Promise.all(
        [...pools.values()].map(async ({ fn, pool }) => {
          const failure = await pool.prepare();
          return failure && { fn, reason: describeFailedStart(failure) };
        }),
      );
      return failed.filter((failure) => failure !== undefined);
    },

    async reload() {
      throw new Error('not yet');
    },

    async stop() {
      // What is nearly done, like the $disconnect of a client that left just now, is let finish.
      await Promise.race([Promise.allSettled(underWay), setTimeout(STOP_PATIENCE_MS)]);
      stopped = true;
      await Promise.all([...pools.values()].map(({ pool }) => pool.stop()));
    },
  };
}

/** How one function's environments are made. */
function createStarter(fn: LambdaFunction, options: LambdaOptions): () => Promise<Environment> {
  const { clock, log, region, environment = {}, origins = new Map() } = options;
  return async () => {
    const code = await workerCode();
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logs = { group: `/aws/lambda/${fn.name}`, stream: `${day}/[$LATEST]${randomBytes(16).toString('hex')}` };
    return startEnvironment({
      code,
      clock,
      variables: functionVariables(fn, region, logs, environment),
      setup: {
        codeFolder: fn.codeFolder,
        handler: fn.handler,
        runtime: fn.runtime,
        functionName: fn.name,
        functionArn: fn.arn,
        memoryMb: fn.memoryMb,
        logGroupName: logs.group,
        logStreamName: logs.stream,
        origins: [...origins],
      },
      onPrinted: (level, message) => log({ level, source: fn.name, message }),
      onLost: (reason) =>
        log({ level: 'error', source: fn.name, message: `ended between two events: ${reason}`, behaviour: 'LA-07' }),
    });
  };
}
