/** The inside of an execution environment: a worker that loads one function's handler, then serves one event at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { freezeAfter } from '../freezer.ts';
import { isLongerThan, MOST_RESPONSE_BYTES } from '../limits.ts';
import { asHandlerError, RuntimeError, textOf } from './handler-error.ts';
import { type Handler, loadHandler } from './load-handler.ts';
import type { EmulatorMessage, HandlerError, InvokeMessage, WorkerMessage, WorkerSetup } from './messages.ts';
import { routeNetwork } from './network.ts';
import { captureOutput } from './output.ts';
import { limitProcess } from './process-limits.ts';
import { ResponseStream } from './response-stream.ts';
import { highWaterMarkOf, isStreaming, provideStreaming, runStreaming, type StreamingHandler } from './streaming.ts';

const CALLBACKS_REFUSED =
  'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You will need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later.';

const setup = workerData as WorkerSetup;
const laterThisTurn = setImmediate;
const port = parentPort;
if (port === null) throw new Error('not a worker thread');

const say = (message: WorkerMessage) => port.postMessage(message);
const output = captureOutput((level, text) => say({ kind: 'printed', level, text }));
let beforeExit: (() => void) | undefined;
/** Of the event under way, where its handler streams. */
let responseStream: ResponseStream | undefined;

process.on('beforeExit', () => beforeExit?.());
process.on('uncaughtException', (error) => crash('Uncaught Exception', error));
process.on('unhandledRejection', (reason) =>
  crash(
    'Unhandled Promise Rejection',
    new RuntimeError(
      'Runtime.UnhandledPromiseRejection',
      textOf(() => reason),
    ),
  ),
);
routeNetwork(setup.network, (text) => say({ kind: 'noted', behaviour: 'MG-14', text }));
limitProcess(setup.codeFolder, (signal) => say({ kind: 'killed', signal }));
provideStreaming();
void initialise();

async function initialise(): Promise<void> {
  try {
    const handler = await loadHandler(setup.codeFolder, setup.handler, setup.sdkFolder);
    if (handler.length > 2 && !isStreaming(handler) && !takesCallbacks()) {
      throw new RuntimeError('Runtime.CallbackHandlerDeprecated', CALLBACKS_REFUSED);
    }
    await oneTurn();
    port?.on('message', (message: EmulatorMessage) => {
      if (message.kind === 'taken') responseStream?.taken(message.bytes);
      else void serve(handler, message);
    });
    freezeAfter(setup.frozen, () => say({ kind: 'ready' }));
  } catch (error) {
    output.flush();
    say({ kind: 'init-failed', error: asHandlerError(error) });
  }
}

async function serve(handler: Handler, { requestId, traceId, payload, timeoutMs }: InvokeMessage): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  process.env._X_AMZN_TRACE_ID = traceId;
  output.begin(requestId);
  const context = createContext(requestId, endsAt);
  const lastWord = isStreaming(handler)
    ? await answerInParts(handler, payload, context)
    : await answerAtOnce(handler, payload, context);
  // Lambda takes a moment to fetch the answer, in which an error that nobody caught still comes out.
  await oneTurn();
  beforeExit = undefined;
  port?.ref();
  output.flush();
  freezeAfter(setup.frozen, () => say(lastWord));
}

async function answerAtOnce(handler: Handler, payload: string, context: Context): Promise<WorkerMessage> {
  // While a handler runs, only its own work keeps the event loop alive, so that `beforeExit` tells when that is done.
  port?.unref();
  try {
    const text = stringify(await run(handler, JSON.parse(payload), context));
    const tooLong = isLongerThan(text, MOST_RESPONSE_BYTES);
    return tooLong ? { kind: 'returned-too-much' } : { kind: 'returned', payload: text };
  } catch (error) {
    return threw(error);
  }
}

async function answerInParts(handler: StreamingHandler, payload: string, context: Context): Promise<WorkerMessage> {
  const taker = {
    open: (contentType: string) => say({ kind: 'stream-opened', contentType }),
    part(bytes: Uint8Array) {
      port?.postMessage({ kind: 'stream-part', bytes } satisfies WorkerMessage, [bytes.buffer as ArrayBuffer]);
    },
  };
  responseStream = new ResponseStream(taker, highWaterMarkOf(handler));
  try {
    await runStreaming(handler, JSON.parse(payload), responseStream, context);
    return { kind: 'streamed' };
  } catch (error) {
    return threw(error);
  }
}

function threw(error: unknown): WorkerMessage {
  const report = asHandlerError(error);
  logError('Invoke Error', report);
  return { kind: 'threw', error: report };
}

/**
 * Resolves with what the handler returns, or hands its callback. After a callback it waits for the event loop to be empty
 * unless the handler says otherwise (LA-08); a handler that never settles and has nothing left to do answers null.
 */
function run(handler: Handler, event: unknown, context: Context): Promise<unknown> {
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

type Context = ReturnType<typeof createContext>;

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

function crash(title: string, error: unknown): void {
  const report = asHandlerError(error);
  logError(title, report);
  output.flush();
  say({ kind: 'crashed', error: report });
}

function logError(title: string, { errorType, errorMessage, trace: stack }: HandlerError): void {
  console.error(`${title} \t${JSON.stringify({ errorType, errorMessage, stack })}`);
}

/** Resolves when all that is due at once is done. The function may have put timers of its own in the place of Node's. */
function oneTurn(): Promise<void> {
  return new Promise((resolve) => laterThisTurn(resolve));
}

function takesCallbacks(): boolean {
  return Number(/^nodejs(\d+)/.exec(setup.runtime)?.[1]) < 24;
}
