import type { HttpApiEventV2 } from '../adapters/http-api-event.ts';
import { requestOfFunctionUrl } from '../adapters/http-api-event.ts';
import { streamingRuntime, streamResponse } from '../adapters/response-stream.ts';
import { failureResponse } from '../tunnel/failure-page.ts';
import { forwardRequest } from '../tunnel/forward-request.ts';
import { wireDoor } from './wiring.ts';

/** What is left of the function's time when the visitor is told that no answer came, or its end. */
const MARGIN_MS = 2_000;

/** The largest response that Lambda streams. @see LA-12 */
const STREAM_BYTES = 200 * 1024 * 1024;

const runtime = streamingRuntime();
let wired: ReturnType<typeof wireDoor> | undefined;

/** The streaming door: a function URL, whose answers are passed on as they come. */
export const handler = runtime.streamifyResponse(
  async (event: HttpApiEventV2, stream, context: { getRemainingTimeInMillis(): number }) => {
    wired ??= wireDoor();
    const { clock, log } = wired;
    const request = requestOfFunctionUrl(event);
    const deadline = clock.now() + context.getRemainingTimeInMillis() - MARGIN_MS;
    const sizes = { maxResponseBytes: STREAM_BYTES, sureResponseBytes: STREAM_BYTES };
    let begun = false;
    try {
      const response = await forwardRequest(request, { deadline, ...sizes, streaming: true }, wired);
      begun = true;
      await streamResponse(response, stream, runtime);
    } catch (error) {
      log('error', 'stream failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      if (begun) throw error;
      await streamResponse(failureResponse('edge_failed', request), stream, runtime);
    }
  },
);
