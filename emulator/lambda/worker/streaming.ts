import { type ResponseStream, withMetadata } from './response-stream.ts';

/** How a handler that streams is marked, as Lambda's runtime does; what wraps handlers looks for it. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.highWaterMark');

export type StreamingHandler = (event: unknown, responseStream: ResponseStream, context: object) => unknown;

interface Marked {
  [STREAMING]?: unknown;
  [HIGH_WATER_MARK]?: number;
}

/** Lambda's global `awslambda`, unless the function will not have it. Libraries add to it. */
export function provideStreaming(): void {
  if (/^(1|true)$/.test(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA ?? '')) return;
  const streamifyResponse = (handler: Marked, options?: { highWaterMark?: unknown }) => {
    handler[STREAMING] = 'response';
    const { highWaterMark } = options ?? {};
    if (typeof highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(highWaterMark);
    return handler;
  };
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream: { from: withMetadata } } });
}

export function isStreaming(handler: unknown): handler is StreamingHandler {
  return (handler as Marked)[STREAMING] === 'response';
}

/** Bytes that its response stream holds before `write` answers false; undefined for Node's own. */
export function highWaterMarkOf(handler: StreamingHandler): number | undefined {
  return (handler as Marked)[HIGH_WATER_MARK];
}

/**
 * Runs a streaming handler to its end: until it has settled, and all that it wrote has gone on. One that settles and does not
 * end its stream waits for its time to be over, as in Lambda.
 * @throws what the handler throws, after what it had written has gone on
 */
export async function runStreaming(
  handler: StreamingHandler,
  event: unknown,
  stream: ResponseStream,
  context: object,
): Promise<void> {
  // Heard by whoever waits for the end; a stream whose error nobody hears would end the environment.
  stream.on('error', () => {});
  try {
    const returned = handler(event, stream, context);
    if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then !== 'function') {
      throw new Error('Streaming does not support non-async handlers.');
    }
    if ((await returned) !== undefined) console.warn('Streaming handlers ignore return values.');
    await stream.whole();
  } catch (error) {
    await stream.fail();
    throw isCutOff(error) ? new Error('Response stream is not finished.') : error;
  }
}

/** Of a stream that was destroyed without a reason. */
function isCutOff(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
