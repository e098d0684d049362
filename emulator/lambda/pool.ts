import type { Clock } from '../stack/clock.ts';
import type { Environment, Outcome, Started } from './environment.ts';
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
  /** @param onServed called when an environment takes the event */
  run(message: InvokeMessage, onServed: () => void): Promise<Run>;
  /** Ends every environment; events that wait or are under way end as `exited`. */
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly gate: StartGate;
  readonly clock: Clock;
  /** Milliseconds an environment may stay idle. */
  readonly idleMs: number;
  start(): Promise<Environment>;
}

interface Waiting {
  readonly message: InvokeMessage;
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

export function createPool({ gate, clock, idleMs, start }: PoolOptions): Pool {
  const all = new Set<Environment>();
  const idle: Idle[] = [];
  const waiting: Waiting[] = [];
  let starting = 0;
  let stopped = false;
  /** The most events there have been at once, under way and waiting. */
  let mostAtOnce = 0;
  /** How long events take here, the latest counting most. */
  let typicalMs = 0;

  /** An environment that becomes free serves who waits longest, so a burst of short events needs few of them. */
  function serveNext(environment: Environment, initMs?: number): void {
    if (!environment.alive) return void all.delete(environment);
    const next = waiting.shift();
    if (next !== undefined) return void serve(environment, next, initMs);
    const cancelTrim = clock.after(idleMs, () => {
      idle.splice(idle.indexOf(entry), 1);
      all.delete(environment);
      mostAtOnce = all.size;
      void environment.end();
    });
    const entry: Idle = { environment, cancelTrim, ...(initMs !== undefined && { initMs }) };
    idle.push(entry);
  }

  async function serve(environment: Environment, event: Waiting, initMs?: number): Promise<void> {
    event.onServed();
    const startedAt = performance.now();
    const outcome = await environment.invoke(event.message);
    const durationMs = performance.now() - startedAt;
    typicalMs = (typicalMs + durationMs) / 2;
    event.resolve({ outcome, durationMs, ...(initMs === undefined ? {} : { initMs }) });
    serveNext(environment);
  }

  function takeIdle(): Idle | undefined {
    for (let entry = idle.pop(); entry !== undefined; entry = idle.pop()) {
      entry.cancelTrim();
      if (entry.environment.alive) return entry;
      all.delete(entry.environment);
    }
    return undefined;
  }

  async function startOne(): Promise<FailedStart | undefined> {
    starting++;
    const environment = await start();
    all.add(environment);
    if (stopped) void environment.end();
    const started = await environment.started;
    starting--;
    if (started.kind === 'ready') {
      serveNext(environment, started.initMs);
      return undefined;
    }
    all.delete(environment);
    waiting.shift()?.resolve({ failedStart: started, durationMs: 0 });
    return started;
  }

  async function startWanted(): Promise<void> {
    const wanted = waiting.length > starting || (typicalMs > START_MS && all.size < mostAtOnce);
    if (!stopped && wanted) await startOne();
  }

  return {
    prepare: () =>
      new Promise((resolve) => {
        gate(async () => resolve(await startOne()));
      }),

    run(message, onServed) {
      if (stopped) return Promise.resolve(STOPPED);
      return new Promise((resolve) => {
        const free = takeIdle();
        if (free !== undefined) return void serve(free.environment, { message, onServed, resolve }, free.initMs);
        waiting.push({ message, onServed, resolve });
        mostAtOnce = Math.max(mostAtOnce, all.size + waiting.length);
        gate(startWanted);
      });
    },

    async stop() {
      stopped = true;
      for (const { cancelTrim } of idle.splice(0)) cancelTrim();
      for (const { resolve } of waiting.splice(0)) resolve(STOPPED);
      await Promise.all([...all].map((environment) => environment.end()));
      all.clear();
    },
  };
}
