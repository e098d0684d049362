import { Worker } from 'node:worker_threads';
import type { Clock } from '../stack/clock.ts';
import type { ResponseSink } from '../stack/invoker.ts';
import { createFreezer } from './freezer.ts';
import type {
  EmulatorMessage,
  HandlerError,
  InvokeMessage,
  PrintLevel,
  WorkerMessage,
  WorkerSetup,
} from './worker/messages.ts';

/** One execution environment: it serves one event at a time (LA-01) and keeps its globals from one to the next. */
export interface Environment {
  /** Settles when it can take its first event (it then stands still until that comes), or never will. Never rejects. */
  readonly started: Promise<Started>;
  /**
   * Only after `started` said `ready`, and never while another invocation is under way. Never rejects.
   * @param sink what a streaming handler answers goes there, one part after the other, before the outcome; nothing after it
   */
  invoke(message: InvokeMessage, sink: ResponseSink): Promise<Outcome>;
  /** False once its worker has ended, for whatever reason: it takes no event any more. */
  readonly alive: boolean;
  end(): Promise<void>;
}

/** `initMs` is how long that took, in milliseconds. */
export type Started = { readonly initMs: number } & Start;

type Start =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: HandlerError }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'exited'; readonly reason: string };

export type Outcome =
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'returned-too-much' }
  /** The sink has all of it. */
  | { readonly kind: 'streamed' }
  | { readonly kind: 'threw'; readonly error: HandlerError }
  | { readonly kind: 'timed-out' }
  /** The process ended (LA-07); `reason` is in Lambda's words. */
  | { readonly kind: 'exited'; readonly reason: string };

export interface EnvironmentOptions {
  readonly code: string;
  readonly setup: Omit<WorkerSetup, 'frozen'>;
  readonly variables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** False lets it go on between events. */
  readonly freeze: boolean;
  /** Milliseconds that loading the handler may take. */
  readonly initLimitMs: number;
  onPrinted(level: PrintLevel, text: string): void;
  /** The emulator has something to say about what the function does. */
  onNoted(behaviour: string, text: string): void;
  /** It ended by itself while no event was under way. */
  onLost(reason: string): void;
}

export function startEnvironment(options: EnvironmentOptions): Environment {
  const { clock, freeze, initLimitMs, ...on } = options;
  const freezer = freeze ? createFreezer() : undefined;
  const made = createWorker(options, freezer?.memory);
  if (made === undefined) return UNSTARTABLE;
  const worker: Worker = made;
  const startedAt = performance.now();
  let alive = true;
  let finishStart: ((start: Start) => void) | undefined;
  let finishEvent: ((outcome: Outcome) => void) | undefined;
  /** Of the event under way. */
  let stream: ResponseSink | undefined;
  /** Settles when the parts that have come are taken. */
  let taken = Promise.resolve();
  /** What the worker's end is due to, where its exit code does not say. */
  let endedBy: string | undefined;

  const started = new Promise<Started>((resolve) => {
    const cancel = clock.after(initLimitMs, () => {
      finishStart?.({ kind: 'timed-out' });
      void end();
    });
    finishStart = (start) => {
      finishStart = undefined;
      cancel();
      resolve({ ...start, initMs: performance.now() - startedAt });
    };
  });

  worker.on('message', (message: WorkerMessage) => {
    switch (message.kind) {
      case 'printed':
        return on.onPrinted(message.level, message.text);
      case 'noted':
        return on.onNoted(message.behaviour, message.text);
      case 'ready':
        return finishStart?.(message);
      case 'init-failed':
        finishStart?.(message);
        return void end();
      case 'stream-opened':
        return stream?.open(message.contentType);
      case 'stream-part':
        return pass(message.bytes, stream);
      case 'returned':
      case 'returned-too-much':
      case 'streamed':
      case 'threw':
        return finishEvent?.(message);
      case 'crashed':
        return crashed(message.error);
      case 'killed':
        endedBy = message.signal;
        return;
    }
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') endedBy = 'killed';
  });
  worker.on('exit', (code) => gone(exitReason(code, endedBy)));

  /** Hands a part on, then lets as much more come: what is under way between the threads is bounded by the worker. */
  function pass(bytes: Uint8Array, to: ResponseSink | undefined): void {
    taken = taken.then(async () => {
      if (to !== undefined && to === stream) await to.write(bytes);
      if (to === stream) worker.postMessage({ kind: 'taken', bytes: bytes.length } satisfies EmulatorMessage);
    });
  }

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
    invoke(message, sink) {
      return new Promise((resolve) => {
        stream = sink;
        taken = Promise.resolve();
        const cancel = clock.after(message.timeoutMs, () => {
          finishEvent?.({ kind: 'timed-out' });
          void end();
        });
        finishEvent = (outcome) => {
          finishEvent = undefined;
          stream = undefined;
          cancel();
          resolve(outcome);
        };
        worker.postMessage({ kind: 'invoke', ...message } satisfies EmulatorMessage);
        freezer?.wake();
      });
    },
  };
}

/** Where Node refuses to start at all, it ends with status 9. */
const UNSTARTABLE: Environment = {
  started: Promise.resolve({ kind: 'exited', reason: exitReason(9, undefined), initMs: 0 }),
  alive: false,
  invoke: () => Promise.resolve({ kind: 'exited', reason: exitReason(9, undefined) }),
  end: () => Promise.resolve(),
};

/** @returns undefined, and says so, for a NODE_OPTIONS that Node does not take */
function createWorker(
  { code, setup, variables, onNoted }: EnvironmentOptions,
  frozen: WorkerSetup['frozen'],
): Worker | undefined {
  try {
    return new Worker(code, {
      eval: true,
      name: setup.functionName,
      workerData: { ...setup, ...(frozen && { frozen }) } satisfies WorkerSetup,
      env: { ...variables },
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: setup.memoryMb },
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INVALID_EXEC_ARGV')) throw error;
    onNoted('LA-07', `cannot start: Node does not take its NODE_OPTIONS here (${error.message})`);
    return undefined;
  }
}

function exitReason(code: number, signal: string | undefined): string {
  if (signal !== undefined) return `Runtime exited with error: signal: ${signal}`;
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}
