import { randomUUID } from 'node:crypto';
import type { Clock } from '../stack/clock.ts';
import type { InvokeResult } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import { type Random, strikes } from '../stack/random.ts';
import type { LambdaFunction } from '../stack/stack.ts';

/** How asynchronous events are tried again (LA-05). All times in milliseconds. */
export interface AsyncPolicy {
  /** What goes by before each further attempt after a function error; as many attempts as there are entries. */
  readonly retryDelaysMs: readonly number[];
  /** Where the event was throttled: the first pause, which doubles each time, and the longest. Counts as no attempt. */
  readonly throttleDelaysMs: { readonly first: number; readonly longest: number };
  /** An event older than that is dropped. */
  readonly mostAgeMs: number;
  /** Events kept at once. AWS tells no bound; this machine's memory is one. */
  readonly capacity: number;
}

export const DEFAULT_ASYNC_POLICY: AsyncPolicy = {
  retryDelaysMs: [60_000, 120_000],
  throttleDelaysMs: { first: 1_000, longest: 300_000 },
  mostAgeMs: 6 * 3_600_000,
  capacity: 10_000,
};

export interface AsyncQueueOptions {
  invoke(functionArn: string, payload: string, requestId: string): Promise<InvokeResult>;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: AsyncPolicy;
  /** How often an event that ran well runs once more, from 0 to 1. */
  readonly repeatRate: number;
  readonly random: Random;
}

export interface AsyncQueue {
  /** @returns the event's request id, which all its attempts have; undefined when the queue is full */
  accept(fn: Pick<LambdaFunction, 'arn' | 'name'>, payload: string): string | undefined;
  /** Drops what waits for its next attempt. */
  stop(): void;
}

interface QueuedEvent {
  readonly fn: Pick<LambdaFunction, 'arn' | 'name'>;
  readonly payload: string;
  readonly requestId: string;
  readonly acceptedAt: number;
  /** How often it failed, and how often it was throttled. */
  failures: number;
  throttles: number;
}

/** Events that nobody waits for: run at once, and again where that failed. In no order (LA-05). */
export function createAsyncQueue({ invoke, clock, log, policy, repeatRate, random }: AsyncQueueOptions): AsyncQueue {
  /** Each with what cancels its next attempt, where it waits for one. */
  const queued = new Map<QueuedEvent, (() => void) | undefined>();

  async function attempt(event: QueuedEvent): Promise<void> {
    if (clock.now() - event.acceptedAt > policy.mostAgeMs) return drop(event, 'it has become too old');
    queued.set(event, undefined);
    const result = await invoke(event.fn.arn, event.payload, event.requestId);
    if (!queued.has(event)) return;
    switch (result.kind) {
      case 'returned':
        queued.delete(event);
        return strikes(repeatRate, random) ? repeat(event) : undefined;
      case 'throttled':
        return again(event, pauseAfter(++event.throttles), 'it was throttled');
      case 'failed': {
        const delay = policy.retryDelaysMs[event.failures++];
        const failure = `attempt ${event.failures} failed (${result.errorType})`;
        return delay === undefined ? drop(event, failure) : again(event, delay, failure);
      }
      case 'event-too-large':
      case 'not-found':
        return drop(event, `the function cannot take it (${result.kind})`);
    }
  }

  function again(event: QueuedEvent, ms: number, because: string): void {
    tell('warn', event, `${because}; it is tried again in ${ms / 1_000} s`);
    queued.set(
      event,
      clock.after(ms, () => void attempt(event)),
    );
  }

  function pauseAfter(throttles: number): number {
    const { first, longest } = policy.throttleDelaysMs;
    return Math.min(longest, first * 2 ** (throttles - 1));
  }

  function drop(event: QueuedEvent, because: string): void {
    queued.delete(event);
    tell('error', event, `${because}; it is dropped`);
  }

  function repeat({ fn, payload, requestId }: QueuedEvent): void {
    log({
      level: 'debug',
      source: 'lambda',
      message: `event ${requestId} of ${fn.name} runs twice`,
      behaviour: 'LA-05',
    });
    void invoke(fn.arn, payload, requestId);
  }

  function tell(level: 'warn' | 'error', { fn, requestId }: QueuedEvent, text: string): void {
    const message = `asynchronous event ${requestId} of ${fn.name}: ${text}`;
    log({ level, source: 'lambda', message, behaviour: 'LA-05' });
  }

  return {
    accept(fn, payload) {
      if (queued.size >= policy.capacity) return undefined;
      const requestId = randomUUID();
      void attempt({ fn, payload, requestId, acceptedAt: clock.now(), failures: 0, throttles: 0 });
      return requestId;
    },

    stop() {
      for (const cancel of queued.values()) cancel?.();
      queued.clear();
    },
  };
}
