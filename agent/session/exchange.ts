import { ACCEPT_AFTER_MS } from '../../src/protocol/limits.ts';
import type { AnswerMessage, HttpRequest, HttpResponse } from '../../src/protocol/messages.ts';
import type { Forward, Upload } from '../forward.ts';
import { describeError } from '../network-error.ts';
import { bodyLimit, contentLength, countUpTo, endlessType, sureRoom, TooLarge } from './answer-body.ts';
import { type EncodedBody, encodeBody, encodeStream, encodeWhole } from './body-encoding.ts';
import type { Clock } from './clock.ts';
import { coalescing } from './coalesce.ts';
import { type FailureCode, visitorStatus, wireCode } from './failures.ts';
import { holdBack } from './hold-back.ts';
import { ERROR_PART } from './kept-answers.ts';
import { addressed } from './reply-addresses.ts';
import { type CutBody, sliceBody } from './slices.ts';
import { splitAnswer } from './split-answer.ts';
import { callUpstream } from './upstream-call.ts';
import type { Window } from './window.ts';

/**
 * Sends a message of an exchange, and keeps it in case it is lost on its way.
 * @param part 0 is the head
 * @param endBytes of the body as it travels, this message included
 * @returns false when it is lost for good
 */
export type Deliver = (text: string, part: number, endBytes: number) => Promise<boolean>;

export interface ExchangePorts {
  readonly forward: Forward;
  /** Puts a body where the edge says; without it a large answer is a failure. */
  readonly upload?: Upload;
  readonly deliver: Deliver;
  /** How much of the answer may be under way. */
  readonly window: Window;
  /** What the edge speaks. */
  readonly protocol: 1 | 2;
  /** Named in every answer to a version 2 edge, which takes it from this session alone. */
  readonly sessionId: string;
  /** Where the edge wants the answer by now; without it, or where it gives nothing, in its table. */
  readonly replyTo?: () => string | undefined;
  /** Tells the edge that the request is here and its answer takes a while. */
  readonly accept: () => void;
  /** How long the upstream may be silent: until its answer's head, and between two pieces of a body that is no stream. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  /** The edge's `cancel`, or the session's end. */
  readonly cancelled: AbortSignal;
}

/** For the person at the terminal. */
export interface ExchangeReport {
  /** What the visitor gets; {@link CANCELLED_STATUS} when nobody waits any more. */
  readonly status: number;
  readonly ms: number;
  /** Of the body that was handed to the edge. */
  readonly bytes: number;
  readonly failure?: ExchangeFailure;
}

interface ExchangeFailure {
  readonly code: FailureCode | 'answer_lost';
  readonly message: string;
}

/** Longer than any streaming door waits, in milliseconds. */
const LONGEST_STREAM_MS = 900_000;

/** nginx's own status for a client that went away; it appears in reports alone. */
const CANCELLED_STATUS = 499;

/**
 * One exchange from a whole request to the last word about it: forwards it, sends the answer as it comes, and says why
 * where there is none. Never rejects.
 */
export async function runExchange(request: HttpRequest, ports: ExchangePorts): Promise<ExchangeReport> {
  const { clock, protocol } = ports;
  const { requestId } = request;
  const startedAt = clock.now();
  const signature = protocol === 2 ? { sessionId: ports.sessionId } : {};
  const upstream = callUpstream(request, ports);
  const streams = protocol === 2 && request.stream === true;
  /** Of the body, as the upstream gave it and as it travels. */
  let bytes = 0;
  let sentBytes = 0;

  const elapsed = () => Math.max(0, Math.round(clock.now() - startedAt));
  const report = (status: number, failure?: ExchangeFailure): ExchangeReport => ({
    status,
    ms: elapsed(),
    bytes,
    ...(failure && { failure }),
  });
  const lost = () => report(visitorStatus('upstream_failed'), { code: 'answer_lost', message: LOST });
  const send = (message: AnswerMessage, part: number) =>
    ports.deliver(addressed(message, ports.replyTo?.()), part, sentBytes);

  const acceptLater = clock.after(ACCEPT_AFTER_MS, () => {
    if (protocol === 2) ports.accept();
  });

  async function fail(code: FailureCode, message: string): Promise<ExchangeReport> {
    acceptLater();
    const error: AnswerMessage = { type: 'error', requestId, code: wireCode(code, protocol), message, ...signature };
    await send(error, ERROR_PART);
    return report(visitorStatus(code), { code, message });
  }

  async function answer(): Promise<ExchangeReport> {
    const result = await upstream.result();
    if (result.kind === 'failed') return fail(result.code, result.message);
    const replyTo = ports.replyTo?.();
    const plain: HttpResponse = {
      type: 'http_response',
      requestId,
      status: result.status,
      headers: result.headers,
      body: new Uint8Array(0),
      processingTimeMs: elapsed(),
      more: false,
      ...signature,
      ...(replyTo !== undefined && { replyTo }),
    };
    const limit = bodyLimit(request, plain, protocol);
    if (limit < 0) return fail('upstream_failed', 'the head of the upstream’s answer is larger than a message');
    const endless = protocol === 2 && !streams && endlessType(request, result);
    if (endless) {
      upstream.abandon();
      return fail('streaming_only', `the upstream answers with ${endless}, which only the streaming door can carry`);
    }
    const length = contentLength(request, result);
    const upload = result.status === 200 && request.uploadUrl && !streams ? ports.upload : undefined;
    if (length !== undefined && length > limit) {
      if (upload) return store(plain, upload, { body: upstream.body(result), contentLength: length });
      return fail('response_too_large', tooLargeMessage(limit, protocol));
    }
    const whole = upstream.whole(result, Math.min(limit, sureRoom(plain)));
    if (whole) return answerWhole(plain, whole);
    const held = upload && length === undefined ? await holdBack(upstream.body(result), limit) : undefined;
    if (upload && held?.large) return store(plain, upload, { body: held.body });

    const counted = countUpTo(limit, held?.body ?? upstream.body(result), (count) => {
      bytes = count;
    });
    const { body, encoding } = await encoded(counted, plain, length);
    const head: HttpResponse = { ...plain, ...(encoding && { encoding }) };
    const cut = streams && length !== 0 ? asItComes(limit) : sliceBody;
    for await (const { message, part, size } of splitAnswer(head, body, signature, cut)) {
      sentBytes += size;
      await ports.window.reached(sentBytes, ports.cancelled);
      acceptLater();
      if (!(await send(message, part))) return lost();
    }
    return report(result.status);
  }

  /** The shortest way, which most answers take: one message, of what is here. */
  async function answerWhole(plain: HttpResponse, whole: Uint8Array): Promise<ExchangeReport> {
    bytes = whole.length;
    const packed = protocol === 1 ? { bytes: whole } : await encodeWhole(whole, plain.headers);
    sentBytes = packed.bytes.length;
    await ports.window.reached(sentBytes, ports.cancelled);
    acceptLater();
    const head = { ...plain, body: packed.bytes, ...(packed.encoding && { encoding: packed.encoding }) };
    return (await send(head, 0)) ? report(plain.status) : lost();
  }

  async function encoded(
    body: AsyncIterable<Uint8Array>,
    { headers }: HttpResponse,
    length: number | undefined,
  ): Promise<EncodedBody> {
    if (protocol === 1) return { body };
    return streams ? encodeStream(body, headers, length) : encodeBody(body, headers);
  }

  function asItComes(limitBytes: number): CutBody {
    const limitMs = request.timeoutMs ?? LONGEST_STREAM_MS;
    return coalescing({ clock, limitBytes, limitMs, cancelled: ports.cancelled });
  }

  /** Puts the body where the edge says, whole, and only then sends a head without one. */
  async function store(
    head: HttpResponse,
    upload: Upload,
    body: { readonly body: AsyncIterable<Uint8Array>; readonly contentLength?: number },
  ): Promise<ExchangeReport> {
    const result = await upload(request.uploadUrl ?? '', { ...body, headers: head.headers }, ports.cancelled);
    ports.cancelled.throwIfAborted();
    if (result.kind === 'failed' && result.at === 'body') throw new Error(result.message);
    if (result.kind !== 'stored') return fail('response_too_large', `it could not be put elsewhere: ${result.message}`);
    bytes = result.bytes;
    acceptLater();
    const stored: HttpResponse = { ...head, processingTimeMs: elapsed(), storedBytes: bytes };
    return (await send(stored, 0)) ? report(head.status) : lost();
  }

  try {
    return await answer();
  } catch (error) {
    if (ports.cancelled.aborted) return report(CANCELLED_STATUS);
    if (error instanceof TooLarge) return await fail('response_too_large', tooLargeMessage(error.limit, protocol));
    if (upstream.timedOut()) return await fail('timeout', `the upstream was silent for ${upstream.patienceMs} ms`);
    return await fail('upstream_failed', `the upstream failed in mid-answer: ${describeError(error)}`);
  } finally {
    acceptLater();
    upstream.abandon();
  }
}

const LOST = 'no connection to the edge came back in time to take the answer';

function tooLargeMessage(limit: number, protocol: 1 | 2): string {
  return protocol === 1
    ? `the answer does not fit one message: this edge speaks version 1 of the protocol and takes ${limit} bytes here`
    : `the answer is larger than the ${limit} bytes that the visitor's door can give back`;
}
