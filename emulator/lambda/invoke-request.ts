import { randomUUID } from 'node:crypto';
import type { SignedRequest } from '../iam/signature.ts';
import type { InvokeResult } from '../stack/invoker.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { isFromWebPage } from '../stack/web-page.ts';
import type { AsyncQueue } from './async-queue.ts';
import type { Lambda } from './create-lambda.ts';
import { type InvokeAccess, refuseCaller } from './invoke-access.ts';
import { MOST_ASYNC_EVENT_BYTES, MOST_EVENT_BYTES } from './limits.ts';

/** A request to the Invoke API; `body` is absent where there is more than anybody reads. */
export type InvokeRequest = Omit<SignedRequest, 'body'> & { readonly body: Buffer | undefined };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface InvokeContext {
  readonly functions: readonly LambdaFunction[];
  readonly invoker: Pick<Lambda, 'invoke'>;
  readonly queue: AsyncQueue;
  /** Absent: nobody's signature is looked at. */
  readonly access?: InvokeAccess;
}

/** What of the Invoke API is not here, each with the header or parameter that asks for it. */
const REFUSED_HEADERS: Readonly<Record<string, string>> = {
  'x-amz-client-context': 'ClientContext',
  'x-amz-tenant-id': 'TenantId',
  'x-amz-durable-execution-name': 'DurableExecutionName',
};

/** Lambda's answer to a request of its Invoke API. */
export async function answerInvoke(request: InvokeRequest, context: InvokeContext): Promise<Answer> {
  const { method, path, query, headers, body } = request;
  if (isFromWebPage(headers)) return refusal(403, 'AccessDeniedException', 'A web page may not invoke functions');
  const named = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path)?.[1];
  if (method !== 'POST' || named === undefined) {
    return refusal(404, 'UnknownOperationException', 'Only Invoke is emulated');
  }
  const name = decode(named);
  const fn = context.functions.find((candidate) => isNamed(candidate, name));
  const qualifier = new URLSearchParams(query).get('Qualifier') ?? '$LATEST';
  if (fn === undefined || qualifier !== '$LATEST')
    return notFound(qualifier === '$LATEST' ? name : `${name}:${qualifier}`);
  if (body === undefined) return tooLarge(MOST_EVENT_BYTES);
  const denied = context.access && refuseCaller({ ...request, body }, fn.arn, context.access);
  if (denied) return refusal(denied.status, denied.errorType, denied.message);
  return invoke(fn, request, body, context);
}

async function invoke(
  fn: LambdaFunction,
  { headers }: InvokeRequest,
  body: Buffer,
  context: InvokeContext,
): Promise<Answer> {
  for (const [header, parameter] of Object.entries(REFUSED_HEADERS)) {
    if (headers[header] !== undefined) return invalid(`${parameter} is not emulated`);
  }
  if ((headers['x-amz-log-type'] ?? 'None') !== 'None')
    return invalid('LogType Tail is not emulated: see the log itself');
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
  if (type !== 'RequestResponse' && type !== 'Event') {
    return invalid(`InvocationType must be one of Event, DryRun, RequestResponse, not ${type}`);
  }
  // An invocation without a payload hands the function `{}`.
  const payload = body.toString() || '{}';
  if (type === 'Event' && body.length > MOST_ASYNC_EVENT_BYTES) return tooLarge(MOST_ASYNC_EVENT_BYTES);
  if (!isJson(payload)) return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json');
  if (type === 'Event') {
    const queuedAs = context.queue.accept(fn, payload);
    if (queuedAs === undefined) return throttled('FunctionInvocationRateLimitExceeded');
    return { status: 202, headers: { 'x-amzn-requestid': queuedAs }, body: '' };
  }
  const requestId = randomUUID();
  const traceId = headers['x-amzn-trace-id'];
  const options = { requestId, ...(typeof traceId === 'string' && { traceId }) };
  const answer = asAnswer(await context.invoker.invoke(fn.arn, payload, options), fn.name);
  return { ...answer, headers: { ...answer.headers, 'x-amzn-requestid': requestId } };
}

function asAnswer(result: InvokeResult, name: string): Answer {
  switch (result.kind) {
    case 'returned':
      return jsonAnswer(200, { 'x-amz-executed-version': '$LATEST' }, result.payload);
    case 'failed': {
      const { errorType, errorMessage } = result;
      const headers = { 'x-amz-executed-version': '$LATEST', 'x-amz-function-error': 'Unhandled' };
      return jsonAnswer(200, headers, JSON.stringify({ errorType, errorMessage }));
    }
    case 'event-too-large':
      return tooLarge(MOST_EVENT_BYTES);
    case 'throttled':
      return throttled(
        result.reason === 'function'
          ? 'ReservedFunctionConcurrentInvocationLimitExceeded'
          : 'ConcurrentInvocationLimitExceeded',
      );
    case 'not-found':
      return notFound(name);
  }
}

/** Name, ARN, or `account:function:name`, each with or without `:$LATEST`. */
function isNamed(fn: LambdaFunction, given: string): boolean {
  const name = given.replace(/:\$LATEST$/, '');
  return name === fn.name || name === fn.arn || (name.includes(':function:') && fn.arn.endsWith(`:${name}`));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** LA-06. */
function throttled(Reason: string): Answer {
  const body = JSON.stringify({ Reason, Type: 'User', message: 'Rate Exceeded.' });
  return jsonAnswer(429, { 'x-amzn-errortype': 'TooManyRequestsException', 'retry-after': '1' }, body);
}

function tooLarge(most: number): Answer {
  const message = `Request must be smaller than ${most} bytes for the InvokeFunction operation`;
  return refusal(413, 'RequestTooLargeException', message);
}

function notFound(name: string): Answer {
  return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`);
}

function invalid(message: string): Answer {
  return refusal(400, 'InvalidParameterValueException', message);
}

/** A few of Lambda's errors spell it `Message`, all others `message`. */
const WITH_CAPITAL = new Set(['AccessDeniedException', 'ResourceNotFoundException']);

function refusal(status: number, errorType: string, message: string): Answer {
  const body = JSON.stringify({ Type: 'User', [WITH_CAPITAL.has(errorType) ? 'Message' : 'message']: message });
  return jsonAnswer(status, { 'x-amzn-errortype': errorType }, body);
}

function jsonAnswer(status: number, headers: Record<string, string>, body: string): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}
