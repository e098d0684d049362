import { encode } from '../../src/protocol/codec.ts';
import { MAX_PARTS, PART_BYTES } from '../../src/protocol/limits.ts';
import type { AnswerMessage, HttpRequest, HttpResponse } from '../../src/protocol/messages.ts';
import { roomBeside } from '../../src/protocol/parts.ts';
import type { Forward, ForwardResult } from '../forward.ts';
import { describeError } from '../network-error.ts';
import type { Clock } from './clock.ts';
import { type FailureCode, visitorStatus, wireCode } from './failures.ts';
import { type BodySlice, sliceBody } from './slices.ts';
import { callUpstream } from './upstream-call.ts';

export interface ExchangePorts {
  readonly forward: Forward;
  /** @returns false when the answer is lost for good */
  readonly deliver: (text: string) => Promise<boolean>;
  /** What the edge speaks. */
  readonly protocol: 1 | 2;
  /** Named in every answer to a version 2 edge, which takes it from this session alone. */
  readonly sessionId: string;
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
  const startedAt = clock.now();
  const signature = protocol === 2 ? { sessionId: ports.sessionId } : {};
  const upstream = callUpstream(request, ports);
  let bytes = 0;

  const elapsed = () => Math.max(0, Math.round(clock.now() - startedAt));
  const report = (status: number, failure?: ExchangeFailure): ExchangeReport => ({
    status,
    ms: elapsed(),
    bytes,
    ...(failure && { failure }),
  });
  const send = (message: AnswerMessage) => ports.deliver(encode(message));

  async function fail(code: FailureCode, message: string): Promise<ExchangeReport> {
    const { requestId } = request;
    await send({ type: 'error', requestId, code: wireCode(code, protocol), message, ...signature });
    return report(visitorStatus(code), { code, message });
  }

  async function answer(): Promise<ExchangeReport> {
    const result = await upstream.result();
    if (result.kind === 'failed') return fail(result.code, result.message);
    const head: HttpResponse = {
      type: 'http_response',
      requestId: request.requestId,
      status: result.status,
      headers: result.headers,
      body: new Uint8Array(0),
      processingTimeMs: elapsed(),
      more: false,
      ...signature,
    };
    const room = roomBeside(head);
    if (room < 0) return fail('upstream_failed', 'the head of the upstream’s answer is larger than a message');
    const limit = protocol === 1 ? room : (request.maxResponseBytes ?? MAX_PARTS * PART_BYTES);
    const tooLarge = () => fail('response_too_large', tooLargeMessage(limit, protocol));
    if (announcedBytes(request, result) > limit) return tooLarge();

    let part = 0;
    for await (const slice of sliceBody(upstream.body(result), room, PART_BYTES)) {
      // For version 1 everything beyond the first slice is beyond the limit too.
      if (bytes + slice.bytes.length > limit || (protocol === 1 && !slice.last)) return tooLarge();
      bytes += slice.bytes.length;
      if (!(await send(part === 0 ? { ...head, body: slice.bytes, more: !slice.last } : responsePart(slice, part)))) {
        return report(visitorStatus('upstream_failed'), { code: 'answer_lost', message: LOST });
      }
      part += 1;
    }
    return report(result.status);
  }

  function responsePart(slice: BodySlice, part: number): AnswerMessage {
    const { requestId } = request;
    const total = slice.last ? { totalBytes: bytes } : {};
    return { type: 'response_part', requestId, part, body: slice.bytes, ...total, ...signature };
  }

  try {
    return await answer();
  } catch (error) {
    if (ports.cancelled.aborted) return report(CANCELLED_STATUS);
    if (upstream.timedOut()) return await fail('timeout', `the upstream was silent for ${upstream.patienceMs} ms`);
    return await fail('upstream_failed', `the upstream failed in mid-answer: ${describeError(error)}`);
  } finally {
    upstream.abandon();
  }
}

const LOST = 'no connection to the edge came back in time to take the answer';

function tooLargeMessage(limit: number, protocol: 1 | 2): string {
  return protocol === 1
    ? `the answer does not fit one message: this edge speaks version 1 of the protocol and takes ${limit} bytes here`
    : `the answer is larger than the ${limit} bytes that the visitor's door can give back`;
}

/** What `content-length` promises, 0 where it promises nothing: a HEAD's or 304's describes a body that does not come. */
function announcedBytes(request: HttpRequest, result: ForwardResult & { kind: 'answered' }): number {
  if (request.method === 'HEAD' || result.status === 304) return 0;
  const length = result.headers.find(([name]) => name.toLowerCase() === 'content-length');
  return length ? Number(length[1]) : 0;
}
