import type { InvocationRecord, InvokeResult } from '../stack/invoker.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { INIT_LIMIT_MS, MOST_RESPONSE_BYTES } from './limits.ts';
import type { FailedStart, Run } from './pool.ts';

export interface Judged {
  readonly result: InvokeResult;
  /** For the log, where the function did not do what it should. */
  readonly complaint?: { readonly message: string; readonly behaviour?: string };
}

/**
 * Lambda's answer to an invocation, in Lambda's words.
 * @param collected what the handler streamed where nobody else took it; undefined where that is more than Lambda gives back
 */
export function judge(fn: LambdaFunction, requestId: string, run: Run, collected: string | undefined): Judged {
  if ('failedStart' in run) {
    const { failedStart } = run;
    if (failedStart.kind === 'timed-out') return timedOut(requestId, fn.timeoutMs);
    if (failedStart.kind === 'exited') return exited(requestId, failedStart.reason);
    const { errorType, errorMessage } = failedStart.error;
    const place = `${fn.handler} in ${fn.codeFolder}`;
    const message = `${place} does not load: ${describeFailedStart(failedStart)}`;
    return { result: failed(errorType, errorMessage), complaint: { message } };
  }
  const { outcome } = run;
  switch (outcome.kind) {
    case 'returned':
      return { result: outcome };
    case 'streamed':
      return collected === undefined ? tooLarge() : { result: { kind: 'returned', payload: collected } };
    case 'returned-too-much':
      return tooLarge();
    case 'threw':
      return { result: failed(outcome.error.errorType, outcome.error.errorMessage) };
    case 'timed-out':
      return timedOut(requestId, fn.timeoutMs);
    case 'exited':
      return exited(requestId, outcome.reason);
  }
}

/** The lines Lambda writes when an invocation has ended. */
export function closingLines(fn: LambdaFunction, requestId: string, { durationMs, initMs }: Run): readonly string[] {
  const report = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billedMs(durationMs, initMs)} ms`,
    `Memory Size: ${fn.memoryMb} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
  ];
  return [`END RequestId: ${requestId}`, report.join('\t')];
}

/** What a cold start takes has been billed since August 2025 (LA-10). */
function billedMs(durationMs: number, initMs = 0): number {
  return Math.ceil(durationMs + initMs);
}

/** What an invocation took, for whoever counts. */
export function recordOf(
  { name, arn, memoryMb }: LambdaFunction,
  of: Pick<InvocationRecord, 'requestId' | 'traceId' | 'queuedMs'>,
  { durationMs, initMs }: Run,
): InvocationRecord {
  const times = { durationMs, billedMs: billedMs(durationMs, initMs), ...(initMs !== undefined && { initMs }) };
  return { functionName: name, functionArn: arn, memoryMb, ...of, ...times };
}

/** The line Lambda writes when a handler did not load (LA-10): before the event, or again while that waits. */
export function initReport({ kind, initMs, ...start }: FailedStart, phase: 'init' | 'invoke'): string {
  const errorType = 'error' in start ? start.error.errorType : 'Runtime.ExitError';
  const status = kind === 'timed-out' ? ['Status: timeout'] : ['Status: error', `Error Type: ${errorType}`];
  return [`INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms`, `Phase: ${phase}`, ...status].join('\t');
}

/** Why an environment did not come up, with the trace where there is one. */
export function describeFailedStart(failedStart: FailedStart): string {
  if (failedStart.kind === 'timed-out') return `its top level took longer than ${INIT_LIMIT_MS / 1_000} s (LA-10)`;
  if (failedStart.kind === 'exited') return failedStart.reason;
  const { errorType, errorMessage, trace } = failedStart.error;
  return [`${errorType}: ${errorMessage}`, ...trace.slice(1)].join('\n');
}

function failed(errorType: string, errorMessage: string): InvokeResult {
  return { kind: 'failed', errorType, errorMessage };
}

function timedOut(requestId: string, ms: number): Judged {
  const message = `RequestId: ${requestId} Error: Task timed out after ${(ms / 1_000).toFixed(2)} seconds`;
  return { result: failed('Sandbox.Timedout', message), complaint: { message, behaviour: 'LA-03' } };
}

function exited(requestId: string, reason: string): Judged {
  const message = `RequestId: ${requestId} Error: ${reason}`;
  return { result: failed('Runtime.ExitError', message), complaint: { message, behaviour: 'LA-07' } };
}

function tooLarge(): Judged {
  const message = `Response payload size exceeded maximum allowed payload size (${MOST_RESPONSE_BYTES} bytes).`;
  return { result: failed('Function.ResponseSizeTooLarge', message), complaint: { message, behaviour: 'HR-07' } };
}
