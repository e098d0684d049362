import type { Clock } from '../stack/clock.ts';
import type { InvokeOptions, InvokeResult, Invoker } from '../stack/invoker.ts';
import type { Log } from '../stack/log.ts';
import type { Integration, InvokePermission } from '../stack/stack.ts';
import { decideInvoke, explainDenial } from './permissions.ts';

export type Outcome =
  | InvokeResult
  /** The resource policy does not let the gateway in: nothing was invoked. */
  | { readonly kind: 'forbidden'; readonly explanation: string }
  /** The integration's time is over; the function runs on (HR-06, WS-51). */
  | { readonly kind: 'timed-out'; readonly timeoutMs: number };

export type FailedOutcome = Exclude<Outcome, { kind: 'returned' }>;

/** A route's way to its function. */
export interface BoundIntegration {
  readonly functionArn: string;
  /** @param event as JSON text. Never rejects. */
  call(event: string, options?: InvokeOptions): Promise<Outcome>;
}

export interface IntegrationEnvironment {
  readonly permissions: readonly InvokePermission[];
  readonly invoker: Invoker;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Joins an integration to the ARN it is invoked as. The policy is read once, here: a stack never changes while it runs.
 * @param maxTimeoutMs the quota that holds whatever the template says
 */
export function bindIntegration(
  environment: IntegrationEnvironment,
  integration: Integration,
  invocationArn: string,
  maxTimeoutMs: number,
): BoundIntegration {
  const { functionArn } = integration;
  const decision = decideInvoke(environment.permissions, functionArn, invocationArn);
  if (!decision.allowed) {
    const explanation = explainDenial(functionArn, invocationArn, decision.considered);
    return { functionArn, call: async () => ({ kind: 'forbidden', explanation }) };
  }
  const timeoutMs = Math.min(integration.timeoutMs, maxTimeoutMs);
  return {
    functionArn,
    call: (event, options) => invokeWithin(environment, functionArn, event, timeoutMs, options),
  };
}

/** The name at the end of a function's ARN. */
export function functionName(functionArn: string): string {
  return functionArn.slice(functionArn.lastIndexOf(':') + 1);
}

/** What went wrong and where to look, for the log. */
export function describeFailure(functionArn: string, outcome: FailedOutcome): string {
  const name = functionName(functionArn);
  switch (outcome.kind) {
    case 'forbidden':
      return `${outcome.explanation}. The function was not invoked and logged nothing; correct the permission's SourceArn`;
    case 'timed-out':
      return `${name} did not answer within the integration's ${outcome.timeoutMs} ms (cold start included); it runs on`;
    case 'failed':
      return `${name} failed with ${outcome.errorType}: ${outcome.errorMessage}; its own log has the rest`;
    case 'event-too-large':
      return `the event is larger than Lambda takes (6 MB); ${name} was not invoked`;
    case 'throttled':
      return `${name} has no concurrency left and was not invoked`;
    case 'not-found':
      return `there is no function ${functionArn}`;
  }
}

function invokeWithin(
  { invoker, clock, log }: IntegrationEnvironment,
  functionArn: string,
  event: string,
  timeoutMs: number,
  options: InvokeOptions | undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const cancel = clock.after(timeoutMs, () => resolve({ kind: 'timed-out', timeoutMs }));
    invoker.invoke(functionArn, event, options).then(
      (result) => {
        cancel();
        resolve(result);
      },
      (error: unknown) => {
        cancel();
        log({ level: 'error', source: 'gateway', message: `invoking ${functionArn} broke: ${String(error)}` });
        resolve({ kind: 'failed', errorType: 'InvokerError', errorMessage: String(error) });
      },
    );
  });
}
