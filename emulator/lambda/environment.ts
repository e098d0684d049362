import { Worker } from 'node:worker_threads';
import type { Clock } from '../stack/clock.ts';
import type { HandlerError, InvokeMessage, PrintLevel, WorkerMessage, WorkerSetup } from './worker/messages.ts';

/** Longest an environment may take to load its handler (LA-10), in milliseconds. */
export const INIT_LIMIT_MS = 10_000;

/** One execution environment: it serves one event at a time (LA-01) and keeps its globals from one to the next. */
export interface Environment {
  /** Settles when it can take its first event, or never will. Never rejects. */
  readonly started: Promise<Started>;
  /** Only after `started` said `ready`, and never while another invocation is under way. Never rejects. */
  invoke(message: InvokeMessage): Promise<Outcome>;
  /** False once its worker has ended, for whatever reason: it takes no event any more. */
  readonly alive: boolean;
  end(): Promise<void>;
}

export type Started =
  | { readonly kind: 'ready'; readonly initMs: number }
  | { readonly kind: 'init-failed'; readonly error: HandlerError }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'exited'; readonly reason: string };

export type Outcome =
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'threw'; readonly error: HandlerError }
  | { readonly kind: 'timed-out' }
  /** The process ended (LA-07); `reason` is in Lambda's words. */
  | { readonly kind: 'exited'; readonly reason: string };

export interface EnvironmentOptions {
  readonly code: string;
  readonly setup: WorkerSetup;
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  onPrinted(level: PrintLevel, text: string): void;
  /** It ended by itself while no event was under way. */
  onLost(reason: string): void;
}

export function startEnvironment({ code, setup, variables, clock, ...on }: EnvironmentOptions): Environment {
  const worker = new Worker(code, {
    eval: true,
    name: setup.functionName,
    workerData: setup,
    env: { ...variables },
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: setup.memoryMb },
  });
  const startedAt = performance.now();
  let alive = true;
  let finishStart: ((started: Started) => void) | undefined;
  let finishEvent: ((outcome: Outcome) => void) | undefined;
  let outOfMemory = false;

  const started = new Promise<Started>((resolve) => {
    const cancel = clock.after(INIT_LIMIT_MS, () => {
      finishStart?.({ kind: 'timed-out' });
      void end();
    });
    finishStart = (outcome) => {
      finishStart = undefined;
      cancel();
      resolve(outcome);
    };
  });

  worker.on('message', (message: WorkerMessage) => {
    switch (message.kind) {
      case 'printed':
        return on.onPrinted(message.level, message.text);
      case 'ready':
        return finishStart?.({ kind: 'ready', initMs: performance.now() - startedAt });
      case 'init-failed':
        finishStart?.(message);
        return void end();
      case 'returned':
      case 'threw':
        return finishEvent?.(message);
      case 'crashed':
        return crashed(message.error);
    }
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  });
  worker.on('exit', (code) => gone(exitReason(code, outOfMemory)));

  /** The worker still runs, but Lambda's runtime would now end itself. */
  function crashed(error: HandlerError): void {
    finishStart?.({ kind: 'init-failed', error });
    if (finishEvent === undefined && alive) on.onLost(`${error.errorType}: ${error.errorMessage}`);
    finishEvent?.({ kind: 'threw', error });
    void end();
  }

  function gone(reason: string): void {
    finishStart?.({ kind: 'exited', reason });
    if (finishEvent === undefined && alive) on.onLost(reason);
    alive = false;
    finishEvent?.({ kind: 'exited', reason });
  }

  async function end(): Promise<void> {
    alive = false;
    await worker.terminate();
  }

  return {
    started,
    end,
    get alive() {
      return alive;
    },
    invoke(message) {
      return new Promise((resolve) => {
        const cancel = clock.after(message.timeoutMs, () => {
          finishEvent?.({ kind: 'timed-out' });
          void end();
        });
        finishEvent = (outcome) => {
          finishEvent = undefined;
          cancel();
          resolve(outcome);
        };
        worker.postMessage(message);
      });
    },
  };
}

function exitReason(code: number, outOfMemory: boolean): string {
  if (outOfMemory) return 'Runtime exited with error: signal: killed';
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}
