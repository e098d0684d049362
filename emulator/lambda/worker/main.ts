/** The inside of an execution environment: a worker that loads one function's handler, then serves one event at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { asHandlerError, RuntimeError } from './handler-error.ts';
import { type Handler, loadHandler } from './load-handler.ts';
import type { InvokeMessage, WorkerMessage, WorkerSetup } from './messages.ts';
import { routeNetwork } from './network.ts';
import { captureOutput } from './output.ts';

const CALLBACKS_REFUSED =
  'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You will need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later.';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('not a worker thread');

const say = (message: WorkerMessage) => port.postMessage(message);
const output = captureOutput((level, text) => say({ kind: 'printed', level, text }));
let beforeExit: (() => void) | undefined;

process.on('beforeExit', () => beforeExit?.());
process.on('uncaughtException', (error) => crash(error));
process.on('unhandledRejection', (reason) =>
  crash(new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason))),
);
routeNetwork(new Map(setup.origins));
void initialise();

async function initialise(): Promise<void> {
  try {
    const handler = await loadHandler(setup.codeFolder, setup.handler);
    if (handler.length > 2 && !takesCallbacks()) {
      throw new RuntimeError('Runtime.CallbackHandlerDeprecated', CALLBACKS_REFUSED);
    }
    port?.on('message', (message: InvokeMessage) => void serve(handler, message));
    say({ kind: 'ready' });
  } catch (error) {
    output.flush();
    say({ kind: 'init-failed', error: asHandlerError(error) });
  }
}

async function serve(handler: Handler, { requestId, payload, timeoutMs }: InvokeMessage): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  output.begin(requestId);
  // While a handler runs, only its own work keeps the event loop alive, so that `beforeExit` tells when that is done.
  port?.unref();
  try {
    const result = await run(handler, JSON.parse(payload), createContext(requestId, endsAt));
    const text = stringify(result);
    output.flush();
    say({ kind: 'returned', payload: text });
  } catch (error) {
    const report = asHandlerError(error);
    const { errorType, errorMessage, trace: stack } = report;
    console.error('Invoke Error', JSON.stringify({ errorType, errorMessage, stack }));
    output.flush();
    say({ kind: 'threw', error: report });
  } finally {
    beforeExit = undefined;
    port?.ref();
  }
}

/**
 * Resolves with what the handler returns, or hands its callback. After a callback it waits for the event loop to be empty
 * unless the handler says otherwise (LA-08); a handler that never settles and has nothing left to do answers null.
 */
function run(handler: Handler, event: unknown, context: { callbackWaitsForEmptyEventLoop: boolean }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    beforeExit = () => resolve(null);
    const returned = handler(event, context, (error, result) => {
      if (error !== undefined && error !== null) reject(error);
      else if (context.callbackWaitsForEmptyEventLoop) beforeExit = () => resolve(result);
      else resolve(result);
    });
    if (isPromise(returned)) returned.then(resolve, reject);
  });
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** LA-09. */
function createContext(awsRequestId: string, endsAt: number) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: '$LATEST',
    functionName: setup.functionName,
    memoryLimitInMB: String(setup.memoryMb),
    logGroupName: setup.logGroupName,
    logStreamName: setup.logStreamName,
    invokedFunctionArn: setup.functionArn,
    awsRequestId,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
  };
}

function stringify(result: unknown): string {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

function crash(error: unknown): void {
  output.flush();
  say({ kind: 'crashed', error: asHandlerError(error) });
}

function takesCallbacks(): boolean {
  return Number(/^nodejs(\d+)/.exec(setup.runtime)?.[1]) < 24;
}
