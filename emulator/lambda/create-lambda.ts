import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { InvocationRecord, InvokeOptions, InvokeResult, Invoker } from '../stack/invoker.ts';
import { type Random, strikes } from '../stack/random.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { createCollector, createCounter } from './collector.ts';
import { createConcurrency } from './concurrency.ts';
import { createEnvironmentStarter, type StarterOptions } from './environment-starter.ts';
import { DEFAULT_LAMBDA_FAULTS, type LambdaFaults } from './faults.ts';
import { closingLines, describeFailedStart, initReport, judge, recordOf } from './invocation-result.ts';
import { ACCOUNT_CONCURRENCY, isLongerThan, MOST_EVENT_BYTES } from './limits.ts';
import { createPool, type Pool } from './pool.ts';
import { createSaturation } from './saturation.ts';
import { type SilentPort, startSilentPort } from './silent-port.ts';
import { createStartGate } from './start-gate.ts';
import { traceHeader } from './trace-header.ts';
import type { NetworkSetup } from './worker/messages.ts';

const IDLE_MS = 30_000;

/** How long invocations under way may go on when the emulator stops. */
const STOP_PATIENCE_MS = 500;

export interface LambdaOptions extends StarterOptions {
  readonly functions: readonly LambdaFunction[];
  readonly faults?: Partial<LambdaFaults>;
  /** What faults are drawn from; without it none happens whose rate is below 1. */
  readonly random?: Random;
  /** PEM of the certificate that `https:` and `wss:` origins show. */
  readonly certificate?: string;
  /**
   * Host names of the stack's APIs in AWS → the local origin that answers for each, `http://localhost:4000`. What begins
   * with `*.` stands for all names with one more label.
   */
  readonly origins?: ReadonlyMap<string, string>;
  /** Environments that may start at the same time; the number of cores by default. */
  readonly startsAtOnce?: number;
  /** Invocations that may be under way at the same time, all functions together; 1,000 by default (LA-06). */
  readonly concurrency?: number;
  /** Told of every invocation that an environment was asked for, once it has ended, well or not. */
  onInvoked?(record: InvocationRecord): void;
  /** Milliseconds after which an idle environment is ended; 30 s by default, less than AWS takes: memory is dearer here. */
  readonly idleMs?: number;
}

export interface Unloadable {
  readonly fn: LambdaFunction;
  readonly reason: string;
}

export interface Lambda extends Invoker {
  /**
   * Starts one environment of each function ahead of any event.
   * @returns the functions whose handler does not load, with the reason
   */
  prepare(): Promise<readonly Unloadable[]>;
  /**
   * Puts new code, variables and limits in the place of the functions' old ones. What is under way ends on the old code,
   * idle environments end, later events meet the new. A function whose record is the same in everything goes on as it is;
   * one that does not load goes on with its old code; one that is no longer there is not found any more.
   * @returns the functions whose handler does not load, with the reason
   */
  reload(functions: readonly LambdaFunction[]): Promise<readonly Unloadable[]>;
  /** Ends every environment; what is under way gets half a second to finish. */
  stop(): Promise<void>;
}

interface Target {
  readonly fn: LambdaFunction;
  readonly pool: Pool;
}

/** Runs functions from their unpacked artifacts, each in worker threads of its own. */
export function createLambda(options: LambdaOptions): Lambda {
  const { log, clock, origins = new Map(), certificate, random = () => 1 } = options;
  const faults = { ...DEFAULT_LAMBDA_FAULTS, ...options.faults };
  const saturated = createSaturation();
  const gate = createStartGate(options.startsAtOnce ?? availableParallelism());
  const concurrency = createConcurrency(options.concurrency ?? ACCOUNT_CONCURRENCY);
  let targets = new Map(options.functions.map((fn) => [fn.arn, createTarget(fn)]));
  concurrency.reserve(options.functions);
  /** Pools that serve no new events: on their way out, or not yet in. */
  const aside = new Set<Pool>();
  const underWay = new Set<Promise<unknown>>();
  let silence: Promise<SilentPort> | undefined;
  let reloading: Promise<readonly Unloadable[]> = Promise.resolve([]);
  let stopped = false;

  function createTarget(fn: LambdaFunction): Target {
    const pool = createPool({
      gate,
      saturated,
      clock,
      idleMs: options.idleMs ?? IDLE_MS,
      start: createEnvironmentStarter(fn, network, options),
      wantsColdStart: () => strikes(faults.coldStartRate, random),
      onInitFailed: (failed, phase) => log({ level: 'debug', source: fn.name, message: initReport(failed, phase) }),
    });
    return { fn, pool };
  }

  async function network(): Promise<NetworkSetup> {
    if (origins.size === 0) return { origins: [], silentPort: 0 };
    silence ??= startSilentPort();
    const { port } = await silence;
    return { origins: [...origins], silentPort: port, ...(certificate !== undefined && { certificate }) };
  }

  async function run({ fn, pool }: Target, payload: string, given: InvokeOptions): Promise<InvokeResult> {
    const { requestId = randomUUID() } = given;
    const traceId = traceHeader(given.traceId, clock.now());
    const askedAt = performance.now();
    let queuedMs: number | undefined;
    const collector = createCollector();
    const counter = given.sink && createCounter(given.sink);
    const run = await pool.run({ requestId, traceId, payload, timeoutMs: fn.timeoutMs }, counter ?? collector, () => {
      queuedMs = performance.now() - askedAt;
      log({ level: 'debug', source: fn.name, message: `START RequestId: ${requestId} Version: $LATEST` });
    });
    if (queuedMs !== undefined) {
      const { streamedBytes = 0 } = counter ?? {};
      options.onInvoked?.({
        ...recordOf(fn, { requestId, traceId, queuedMs }, run),
        ...(streamedBytes > 0 && { streamedBytes }),
      });
    }
    const { result, complaint } = judge(fn, requestId, run, collector.collected());
    if (complaint && !stopped) log({ level: 'error', source: fn.name, ...complaint });
    for (const message of closingLines(fn, requestId, run)) log({ level: 'debug', source: fn.name, message });
    return result;
  }

  function throttled({ name }: LambdaFunction, reason: 'account' | 'function', because: string): InvokeResult {
    const message = `${name} is not invoked: ${because}; it logs nothing`;
    log({ level: 'warn', source: 'lambda', message, behaviour: 'LA-06' });
    return { kind: 'throttled', reason };
  }

  async function reloadNow(functions: readonly LambdaFunction[]): Promise<readonly Unloadable[]> {
    if (stopped) return [];
    const next = functions.map((fn) => {
      const old = targets.get(fn.arn);
      return old !== undefined && isDeepStrictEqual(old.fn, fn) ? old : createTarget(fn);
    });
    const old = new Set(targets.values());
    const fresh = next.filter((target) => !old.has(target));
    for (const { pool } of fresh) aside.add(pool);
    const failed = await prepareAll(fresh);
    for (const { fn, reason } of failed) {
      const message = `the new code of ${fn.name} does not load, the old one goes on serving: ${reason}`;
      log({ level: 'error', source: 'lambda', message });
    }
    const kept = next.map((target) => {
      const loads = failed.every(({ fn }) => fn !== target.fn);
      return (loads ? undefined : targets.get(target.fn.arn)) ?? target;
    });
    targets = new Map(kept.map((target) => [target.fn.arn, target]));
    concurrency.reserve(kept.map(({ fn }) => fn));
    for (const { pool } of kept) aside.delete(pool);
    for (const { pool } of [...old, ...fresh].filter((target) => !kept.includes(target))) {
      aside.add(pool);
      void pool.retire().then(() => aside.delete(pool));
    }
    return failed;
  }

  return {
    async invoke(functionArn, payload, given = {}) {
      const target = targets.get(functionArn);
      if (target === undefined) return { kind: 'not-found' };
      if (isLongerThan(payload, MOST_EVENT_BYTES)) return { kind: 'event-too-large' };
      if (strikes(faults.lambdaThrottleRate, random))
        return throttled(target.fn, 'account', 'the fault lambdaThrottleRate');
      const entrance = concurrency.enter(target.fn);
      if (entrance.kind === 'refused') {
        const whose =
          entrance.reason === 'function' ? 'that it has reserved' : 'that the account has for it and others';
        return throttled(
          target.fn,
          entrance.reason,
          `all ${entrance.limit} invocations at once ${whose} are under way`,
        );
      }
      const result = run(target, payload, given);
      underWay.add(result);
      return result.finally(() => {
        underWay.delete(result);
        entrance.leave();
      });
    },

    prepare: () => prepareAll([...targets.values()]),

    reload(functions) {
      // One after the other: each starts from what the one before it left.
      reloading = reloading.then(
        () => reloadNow(functions),
        () => reloadNow(functions),
      );
      return reloading;
    },

    async stop() {
      // What is nearly done, like the $disconnect of a client that left just now, is let finish.
      await Promise.race([Promise.allSettled(underWay), setTimeout(STOP_PATIENCE_MS)]);
      stopped = true;
      await Promise.all([...targets.values()].map(({ pool }) => pool.stop()));
      await Promise.all([...aside].map((pool) => pool.stop()));
      await (await silence)?.stop();
    },
  };
}

async function prepareAll(targets: readonly Target[]): Promise<readonly Unloadable[]> {
  const prepared = await Promise.all(
    targets.map(async ({ fn, pool }) => {
      const failure = await pool.prepare();
      return failure && { fn, reason: describeFailedStart(failure) };
    }),
  );
  return prepared.filter((failure) => failure !== undefined);
}
