import { encode } from '../../src/protocol/codec.ts';
import { ACCEPT_AFTER_MS, MAX_PARTS, PART_BYTES } from '../../src/protocol/limits.ts';
import type { AnswerMessage, HttpRequest, HttpResponse } from '../../src/protocol/messages.ts';
import { roomBeside } from '../../src/protocol/parts.ts';
import type { Forward, ForwardResult, Upload } from '../forward.ts';
import { describeError } from '../network-error.ts';
import { encodeBody } from './body-encoding.ts';
import type { Clock } from './clock.ts';
import { type FailureCode, visitorStatus, wireCode } from './failures.ts';
import { holdBack } from './hold-back.ts';
import { ERROR_PART } from './kept-answers.ts';
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
  /** Tells the edge that the request is here and its answer takes a while. */
  readonly accept: () => void;
  /** How long the upstream may be silent: until its answer's head, and between two pieces of the body. */
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
  const send = (message: AnswerMessage, part: number) => ports.deliver(encode(message), part, sentBytes);

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
    const plain: HttpResponse = {
      type: 'http_response',
      requestId,
      status: result.status,
      headers: result.headers,
      body: new Uint8Array(0),
      processingTimeMs: elapsed(),
      more: false,
      ...signature,
    };
    const limit = bodyLimit(request, plain, protocol);
    if (limit < 0) return fail('upstream_failed', 'the head of the upstream’s answer is larger than a message');
    const announced = announcedBytes(request, result);
    const upload = result.status === 200 && request.uploadUrl ? ports.upload : undefined;
    if (announced > limit) {
      if (upload) return store(plain, upload, { body: upstream.body(result), contentLength: announced });
      return fail('response_too_large', tooLargeMessage(limit, protocol));
    }
    const held = upload && !hasLength(result) ? await holdBack(upstream.body(result), limit) : undefined;
    if (upload && held?.large) return store(plain, upload, { body: held.body });

    const counted = countUpTo(limit, held?.body ?? upstream.body(result), (count) => {
      bytes = count;
    });
    const { body, encoding } = protocol === 2 ? await encodeBody(counted, result.headers) : { body: counted };
    const head: HttpResponse = { ...plain, ...(encoding && { encoding }) };
    for await (const { message, part, size } of splitAnswer(head, body, signature)) {
      sentBytes += size;
      await ports.window.reached(sentBytes, ports.cancelled);
      acceptLater();
      if (!(await send(message, part))) {
        return report(visitorStatus('upstream_failed'), { code: 'answer_lost', message: LOST });
      }
    }
    return report(result.status);
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
    if (await send(stored, 0)) return report(head.status);
    return report(visitorStatus('upstream_failed'), { code: 'answer_lost', message: LOST });
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

/** Negative where not even the head fits; what a version 1 edge takes is what fits beside it. */
function bodyLimit(request: HttpRequest, head: HttpResponse, protocol: 1 | 2): number {
  const room = roomBeside(protocol === 1 ? head : { ...head, encoding: 'br', storedBytes: Number.MAX_SAFE_INTEGER });
  return protocol === 1 || room < 0 ? room : (request.maxResponseBytes ?? MAX_PARTS * PART_BYTES);
}

/** The body is larger than the door, or the edge's version, can take. */
class TooLarge extends Error {
  readonly limit: number;
  constructor(limit: number) {
    super('too large');
    this.limit = limit;
  }
}

async function* countUpTo(limit: number, body: AsyncIterable<Uint8Array>, told: (bytes: number) => void) {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > limit) throw new TooLarge(limit);
    told(bytes);
    yield piece;
  }
}

const LOST = 'no connection to the edge came back in time to take the answer';

function tooLargeMessage(limit: number, protocol: 1 | 2): string {
  return protocol === 1
    ? `the answer does not fit one message: this edge speaks version 1 of the protocol and takes ${limit} bytes here`
    : `the answer is larger than the ${limit} bytes that the visitor's door can give back`;
}

function hasLength({ headers }: ForwardResult & { kind: 'answered' }): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'content-length');
}

/** What `content-length` promises, 0 where it promises nothing: a HEAD's or 304's describes a body that does not come. */
function announcedBytes(request: HttpRequest, result: ForwardResult & { kind: 'answered' }): number {
  if (request.method === 'HEAD' || result.status === 304) return 0;
  const length = result.headers.find(([name]) => name.toLowerCase() === 'content-length');
  return length ? Number(length[1]) : 0;
}
