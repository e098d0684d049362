import type { InvokeResult } from '../stack/invoker.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { INIT_LIMIT_MS } from './environment.ts';
import type { FailedStart, Run } from './pool.ts';

/** Bytes of a response as JSON text, base64 and escapes included (LA-04, HR-07). */
const MOST_RESPONSE_BYTES = 6_291_556;

export interface Judged {
  readonly result: InvokeResult;
  /** For the log, where the function did not do what it should. */
  readonly complaint?: { readonly message: string; readonly behaviour?: string };
}

/** Lambda's answer to an invocation, in Lambda's words. */
export function judge(fn: LambdaFunction, requestId: string, run: Run): Judged {
  if ('failedStart' in run) {
    const { failedStart } = run;
    if (failedStart.kind === 'timed-out') return timedOut(requestId, INIT_LIMIT_MS);
    if (failedStart.kind === 'exited') return exited(requestId, failedStart.reason);
    const { errorType, errorMessage } = failedStart.error;
    const place = `${fn.handler} in ${fn.codeFolder}`;
    const message = `${place} does not load: ${describeFailedStart(failedStart)}`;
    return { result: failed(errorType, errorMessage), complaint: { message } };
  }
  const { outcome } = run;
  switch (outcome.kind) {
    case 'returned':
      return Buffer.byteLength(outcome.payload) <= MOST_RESPONSE_BYTES ? { result: outcome } : tooLarge();
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
    // What a cold start takes has been billed since August 2025 (LA-10).
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${fn.memoryMb} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
  ];
  return [`END RequestId: ${requestId}`, report.join('\t')];
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
