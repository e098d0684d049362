import type { Clock } from '../stack/clock.ts';
import type { ResponseSink } from '../stack/invoker.ts';
import type { Environment, Outcome, Started } from './environment.ts';
import { INIT_LIMIT_MS } from './limits.ts';
import { ENOUGH_ENVIRONMENTS, type Saturation } from './saturation.ts';
import type { StartGate } from './start-gate.ts';
import type { InvokeMessage } from './worker/messages.ts';

/** What became of one event. */
export type Run = RunTimes & ({ readonly outcome: Outcome } | { readonly failedStart: FailedStart });

/** Milliseconds; `initMs` where the event was the first that its environment served. */
interface RunTimes {
  readonly durationMs: number;
  readonly initMs?: number;
}

/** The environment that was started for the event did not come up. */
export type FailedStart = Exclude<Started, { kind: 'ready' }>;

/** The environments of one function: made on demand, reused, the most recently used one first, ended when long idle. */
export interface Pool {
  /** Starts one environment ahead of any event. @returns why it did not come up, if so */
  prepare(): Promise<FailedStart | undefined>;
  /**
   * @param sink what a streaming handler answers goes there
   * @param onServed called when an environment takes the event
   */
  run(message: InvokeMessage, sink: ResponseSink, onServed: () => void): Promise<Run>;
  /** Ends idle environments, and every other one after its event. Resolves when none is left. */
  retire(): Promise<void>;
  /** Ends every environment; events that wait or are under way end as `exited`. */
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly gate: StartGate;
  readonly clock: Clock;
  /** Milliseconds an environment may stay idle. */
  readonly idleMs: number;
  /** @param initLimitMs milliseconds that the environment may take to load its handler */
  start(initLimitMs: number): Promise<Environment>;
  readonly saturated: Saturation;
  /** Whether an event gets a new environment in the place of an idle one. */
  wantsColdStart(): boolean;
  /** A handler did not load: before its event, or again while that waits (LA-10). */
  onInitFailed(failed: FailedStart, phase: 'init' | 'invoke'): void;
}

interface Waiting {
  readonly message: InvokeMessage;
  readonly sink: ResponseSink;
  /** To be served by an environment that has served nothing yet. */
  readonly cold: boolean;
  onServed(): void;
  resolve(run: Run): void;
}

interface Idle {
  readonly environment: Environment;
  /** Of an environment that has served nothing yet. */
  readonly initMs?: number;
  cancelTrim(): void;
}

/**
 * Milliseconds that an environment takes to start, roughly. A function whose events end sooner than that is better served
 * by waiting for one of its environments; any other gets as many as it has events at once, as in AWS (LA-01).
 */
const START_MS = 100;

const STOPPED: Run = { outcome: { kind: 'exited', reason: 'The emulator is stopping' }, durationMs: 0 };

export function createPool({ gate, clock, idleMs, saturated, start, wantsColdStart, onInitFailed }: PoolOptions): Pool {
  const all = new Set<Environment>();
  const idle: Idle[] = [];
  const waiting: Waiting[] = [];
  let starting = 0;
  let serving = 0;
  let stopped = false;
  /** Set once the pool takes no new events: called when nothing is left of it. */
  let onEmpty: (() => void) | undefined;
  /** The most events there have been at once, under way and waiting. */
  let mostAtOnce = 0;
  /** How long events take here, the latest counting most. */
  let typicalMs = 0;
  /** When an environment has last taken an event, in epoch milliseconds. */
  let servedAt = 0;
  /** Whether somebody looks after those who wait for shared environments. */
  let watched = false;

  /** An environment that becomes free serves who waits longest, so a burst of short events needs few of them. */
  function serveNext(environment: Environment, initMs?: number): void {
    if (!environment.alive) return void forget(environment);
    const at = waiting.findIndex(({ cold }) => initMs !== undefined || !cold);
    const [next] = at < 0 ? [] : waiting.splice(at, 1);
    if (next !== undefined) return void serve(environment, next, initMs);
    if (onEmpty !== undefined) return void endNow(environment);
    const cancelTrim = clock.after(idleMs, () => {
      idle.splice(idle.indexOf(entry), 1);
      endNow(environment);
      mostAtOnce = all.size;
    });
    const entry: Idle = { environment, cancelTrim, ...(initMs !== undefined && { initMs }) };
    idle.push(entry);
  }

  function endNow(environment: Environment): void {
    void environment.end();
    forget(environment);
  }

  function forget(environment: Environment): void {
    all.delete(environment);
    if (all.size + waiting.length + starting === 0) onEmpty?.();
  }

  async function serve(environment: Environment, event: Waiting, initMs?: number): Promise<void> {
    serving += 1;
    servedAt = clock.now();
    event.onServed();
    const startedAt = performance.now();
    const outcome = await environment.invoke(event.message, event.sink);
    const durationMs = performance.now() - startedAt;
    serving -= 1;
    typicalMs = (typicalMs + durationMs) / 2;
    event.resolve({ outcome, durationMs, ...(initMs === undefined ? {} : { initMs }) });
    serveNext(environment);
  }

  function takeIdle(): Idle | undefined {
    for (let entry = idle.pop(); entry !== undefined; entry = idle.pop()) {
      entry.cancelTrim();
      if (entry.environment.alive) return entry;
      forget(entry.environment);
    }
    return undefined;
  }

  async function startAnother(initLimitMs: number): Promise<{ environment: Environment; started: Started }> {
    const environment = await start(initLimitMs);
    all.add(environment);
    if (stopped) void environment.end();
    return { environment, started: await environment.started };
  }

  async function startOne(): Promise<FailedStart | undefined> {
    starting++;
    const { environment, started } = await startAnother(INIT_LIMIT_MS);
    starting--;
    if (started.kind === 'ready') {
      serveNext(environment, started.initMs);
      return undefined;
    }
    if (!stopped) onInitFailed(started, 'init');
    const event = waiting.shift();
    if (event !== undefined) await startWithin(event);
    forget(environment);
    return started;
  }

  /** After a failed start the handler is loaded once more as a part of the event, whose time it takes (LA-10). */
  async function startWithin(event: Waiting): Promise<void> {
    if (stopped) return event.resolve(STOPPED);
    const { message } = event;
    event.onServed();
    const { environment, started } = await startAnother(message.timeoutMs);
    if (started.kind !== 'ready') {
      if (!stopped) onInitFailed(started, 'invoke');
      forget(environment);
      return event.resolve({ failedStart: started, durationMs: started.initMs });
    }
    const timeoutMs = Math.max(1, message.timeoutMs - started.initMs);
    const resolve = (run: Run) => event.resolve({ ...run, durationMs: started.initMs + run.durationMs });
    void serve(environment, { ...event, message: { ...message, timeoutMs }, onServed: () => {}, resolve });
  }

  /** Events end so soon that a few environments serve them all in turn. */
  function areShort(): boolean {
    return typicalMs < START_MS;
  }

  /**
   * Whether no more environments than there are would serve anybody sooner: the processors are busy, and events end soon. Each environment
   * compiles the same code for itself, so a few that are asked often are far ahead of many that are asked seldom.
   */
  function areEnough(count: number): boolean {
    return count >= ENOUGH_ENVIRONMENTS && areShort() && saturated();
  }

  /** By an environment that stands idle, by one more, or by whichever becomes free first. */
  function serveOrWait(event: Waiting): void {
    const shares = !event.cold && areEnough(serving);
    const free = shares ? undefined : takeIdle();
    if (free !== undefined) {
      if (!event.cold) return void serve(free.environment, event, free.initMs);
      endNow(free.environment);
    }
    waiting.push(event);
    if (!watched) watch(START_MS);
    if (shares) return;
    mostAtOnce = Math.max(mostAtOnce, serving + waiting.length);
    gate(startWanted);
  }

  /** Where no environment becomes free any more, events are not short: each gets one of its own. */
  function watch(ms: number): void {
    watched = true;
    clock.after(ms, () => {
      watched = false;
      if (waiting.length === 0 || stopped) return;
      const left = starting > 0 ? START_MS : servedAt + START_MS - clock.now();
      if (left > 0) return watch(left);
      typicalMs = Math.max(typicalMs, START_MS);
      for (const event of waiting.splice(0)) serveOrWait(event);
    });
  }

  async function startWanted(): Promise<void> {
    const enough = areEnough(serving + starting + idle.length) && !waiting.some(({ cold }) => cold);
    const wanted = waiting.length > starting && !enough;
    const likely = !areShort() && all.size < mostAtOnce && !onEmpty;
    if (!stopped && (wanted || likely)) await startOne();
  }

  return {
    prepare: () =>
      new Promise((resolve) => {
        gate(async () => resolve(await startOne()));
      }),

    run(message, sink, onServed) {
      if (stopped) return Promise.resolve(STOPPED);
      return new Promise((resolve) => {
        const event: Waiting = { message, sink, cold: idle.length > 0 && wantsColdStart(), onServed, resolve };
        serveOrWait(event);
      });
    },

    retire() {
      return new Promise((resolve) => {
        onEmpty = resolve;
        for (const { environment, cancelTrim } of idle.splice(0)) {
          cancelTrim();
          endNow(environment);
        }
        if (all.size + waiting.length + starting === 0) resolve();
      });
    },

    async stop() {
      stopped = true;
      for (const { cancelTrim } of idle.splice(0)) cancelTrim();
      for (const { resolve } of waiting.splice(0)) resolve(STOPPED);
      await Promise.all([...all].map((environment) => environment.end()));
      all.clear();
      onEmpty?.();
    },
  };
}
