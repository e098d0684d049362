import { eventKind } from '../adapters/event-kind.ts';
import type { HttpApiEventV1, HttpApiEventV2 } from '../adapters/http-api-event.ts';
import { requestOfV1, requestOfV2 } from '../adapters/http-api-event.ts';
import type { HttpApiResultV1, HttpApiResultV2 } from '../adapters/http-api-result.ts';
import { RESULT_BYTES, resultV1, resultV2, tooLarge } from '../adapters/http-api-result.ts';
import { failureResponse } from '../tunnel/failure-page.ts';
import { forwardRequest } from '../tunnel/forward-request.ts';
import type { VisitorRequest, VisitorResponse } from '../tunnel/ports.ts';
import { wireDoor } from './wiring.ts';

/** What is left of the function's time when the visitor is told that no answer came. */
const MARGIN_MS = 1_000;

/** What a table or the Management API may take beyond the deadline until the visitor is answered without them. */
const GRACE_MS = 600;

/** Bytes of a body that fit into a result as base64, beside 64 KB of headers. */
const SURE_RESPONSE_BYTES = Math.floor(((RESULT_BYTES - 65_536) * 3) / 4);

let wired: ReturnType<typeof wireDoor> | undefined;

/** The HTTP API's door, in the payload format its integration asks for: 2.0 as deployed, or 1.0. */
export async function handler(
  event: HttpApiEventV1 | HttpApiEventV2,
  context: { getRemainingTimeInMillis(): number },
): Promise<HttpApiResultV1 | HttpApiResultV2> {
  const kind = eventKind(event);
  const remainingMs = context.getRemainingTimeInMillis() - MARGIN_MS;
  if (kind === 'http-2.0') return respond(requestOfV2(event as HttpApiEventV2), resultV2, remainingMs);
  if (kind === 'http-1.0') return respond(requestOfV1(event as HttpApiEventV1), resultV1, remainingMs);
  throw new Error(`this function serves HTTP APIs; the event is ${kind}`);
}

async function respond<Result extends HttpApiResultV1 | HttpApiResultV2>(
  request: VisitorRequest,
  resultOf: (response: VisitorResponse) => Result,
  remainingMs: number,
): Promise<Result> {
  wired ??= wireDoor();
  const { clock, log } = wired;
  try {
    const sizes = { maxResponseBytes: RESULT_BYTES, sureResponseBytes: SURE_RESPONSE_BYTES };
    const door = { deadline: clock.now() + remainingMs, ...sizes };
    const work = forwardRequest(request, door, wired);
    const response = await inTime(work, remainingMs + GRACE_MS);
    if (!response) log('error', 'forward took too long', { method: request.method });
    if (response && 'stream' in response) throw new Error('this door gives back whole answers alone');
    const result = resultOf(response ?? failureResponse('no_answer', request));
    return tooLarge(result) ? resultOf(failureResponse('response_too_large', request)) : result;
  } catch (error) {
    log('error', 'forward failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    return resultOf(failureResponse('edge_failed', request));
  }
}

/** @returns undefined where the work takes longer: without an answer of ours the visitor would get the gateway's bare 500 (HR-05) */
async function inTime<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
