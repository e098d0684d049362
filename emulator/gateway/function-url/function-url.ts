import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MeteredRequest } from '../../meter/metering.ts';
import { type FunctionUrl, functionUrlDomain, type LambdaFunction } from '../../stack/stack.ts';
import { breakOff } from '../break-off.ts';
import type { GatewayContext } from '../context.ts';
import { forwardedHeaders } from '../events/headers.ts';
import type { Granted } from '../events/http-request.ts';
import { parseTarget, percentDecode } from '../events/target.ts';
import { sourceIpOf } from '../host.ts';
import { type Answer, refusal, writeResponse } from '../http/answer.ts';
import { createCors } from '../http/cors.ts';
import { headerBytes, malformed } from '../http/malformed.ts';
import type { GatewayResponse } from '../http/response.ts';
import { signerOf } from '../http/signer.ts';
import { describeFailure } from '../integration.ts';
import { readBody } from '../request-body.ts';
import { functionUrlEvent } from './function-url-event.ts';
import { refusesEverybody } from './permission.ts';
import { FORBIDDEN, TOO_LARGE, urlBody, urlFailure, urlResult } from './response.ts';
import { createStreamedAnswer, type StreamEnd, type StreamedAnswer } from './streamed-answer.ts';
import { createUuid } from './uuid.ts';

/** Bytes of a request's body, which is Lambda's own limit of events (LA-04). */
const BODY_BYTES = 6 * 1024 * 1024;
const LOGGED_CHARACTERS = 300;
const ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

/** One request, with what all its answers have. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly traceId: string;
  readonly meter: MeteredRequest;
  /** Headers of the service's own. */
  readonly own: Readonly<Record<string, string>>;
}

/** What became of a request whose answer is written already, as far as it could be. */
interface Streamed {
  readonly streamed: StreamEnd;
  readonly note?: string;
}

/**
 * A function's own HTTPS endpoint (LA-11): answers leave when they are whole, or as they come (LA-12). No gateway: no stages,
 * no routes, no 30 seconds. A client that leaves ends nothing: the function goes on, and its answer is let go (LA-13).
 */
export function createFunctionUrl(
  context: GatewayContext,
  fn: LambdaFunction,
  url: FunctionUrl,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { authority, clock, integrations, latency, log, metering, quotas, stack, switches } = context;
  const ids = context.idsOf(`the URL of ${fn.name}`);
  const requestIds = context.randomOf(`request ids of the URL of ${fn.name}`);
  const domainName = functionUrlDomain(stack, url.urlId);
  const cors = url.cors && createCors(url.cors);
  const closed = url.authorization === 'NONE' ? refusesEverybody(stack.permissions, fn, url) : undefined;

  type Admission = { readonly granted?: Granted } | { readonly why: string };

  function admit(request: IncomingMessage, body: Buffer): Admission {
    if (url.authorization === 'NONE') return closed === undefined ? {} : { why: closed };
    const { method = '', headers } = request;
    const signed = { method, ...parseTarget(request.url ?? ''), headers, body };
    let principalArn = '';
    for (const action of ACTIONS) {
      const ruling = authority.rule(signed, action, fn.arn);
      if (!ruling.allowed) return { why: `the URL wants a signature (AWS_IAM): ${ruling.message}` };
      principalArn = ruling.principalArn;
    }
    return { granted: { kind: 'iam', ...signerOf(signed, principalArn) } };
  }

  async function answer(exchange: Exchange): Promise<Answer | Streamed | undefined> {
    const { request } = exchange;
    const { method = '', headers } = request;
    if (latency !== undefined) await latency.wait('urlExchange');
    if (headerBytes(request) > quotas.httpHeaderBytes) {
      const note = `request line and headers exceed ${quotas.httpHeaderBytes} bytes`;
      return refusal(switches.headerLimitStatus, 'Request Header Fields Too Large', note, 'HA-22');
    }
    const fault = malformed(request);
    if (fault !== undefined) return refusal(400, 'Bad Request', fault);
    const requestedMethod = headers['access-control-request-method'];
    if (cors?.isPreflight({ method, origin: headers.origin, requestedMethod })) {
      const own = [...cors.preflightHeaders(headers.origin), ['vary', 'Origin'] as const];
      const note = 'the URL answered the preflight itself: no function was invoked';
      return { response: { status: 200, headers: own, body: '' }, note, level: 'info', isPreflight: true };
    }
    const body = await readBody(request, BODY_BYTES);
    if (body.kind === 'aborted') return undefined;
    if (body.kind === 'too-large') {
      const note = `body exceeds ${BODY_BYTES} bytes`;
      return { response: TOO_LARGE, note, level: 'warn', behaviour: 'LA-04' };
    }
    const admission = admit(request, body.bytes);
    if ('why' in admission) {
      const note = `${admission.why}; it was not invoked: ${fn.name} logged nothing`;
      return { response: FORBIDDEN, note, level: 'error' };
    }
    return invoke(exchange, body.bytes, admission.granted);
  }

  async function invoke(exchange: Exchange, body: Buffer, granted: Granted | undefined): Promise<Answer | Streamed> {
    const { request, requestId } = exchange;
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const target = parseTarget(request.url ?? '');
    const headers = forwardedHeaders(request.rawHeaders, {
      sourceIp,
      proto: switches.forwardedProto,
      traceId: exchange.traceId,
      contentLength: body.length,
    });
    const event = functionUrlEvent(
      {
        method: request.method ?? '',
        ...target,
        decodedPath: percentDecode(target.path),
        headers,
        body,
        sourceIp,
        domainName,
        accountId: stack.accountId,
        apiId: url.urlId,
        stage: { name: '$default', variables: {} },
        routeKey: '$default',
        pathParameters: {},
        requestId,
        timeEpoch: clock.now(),
        ...(granted && { granted }),
      },
      switches,
    );
    const stream = url.streams ? streamedAnswer(exchange) : undefined;
    const { options: metered, ended } = exchange.meter.invocationBegins();
    const options = { ...metered, ...(stream && { sink: stream.sink }) };
    const outcome = await integrations.invoker.invoke(fn.arn, JSON.stringify(event), options);
    ended();
    const note = outcome.kind === 'returned' ? undefined : describeFailure(fn.arn, outcome);
    if (stream?.opened) {
      const streamed = stream.end(note === undefined ? 'well' : 'badly');
      return { streamed, ...(note !== undefined && { note }) };
    }
    if (outcome.kind !== 'returned') return { response: urlFailure(outcome), level: 'error', ...(note && { note }) };
    if (url.streams && switches.unstreamedResult === 'body') {
      return { response: urlBody(outcome.payload), level: 'info' };
    }
    const response = urlResult(outcome.payload, switches);
    return response.fault === undefined
      ? { response, level: 'info' }
      : { response, note: `${fn.arn}: ${response.fault}`, level: 'error' };
  }

  function streamedAnswer({ request, response, own }: Exchange): StreamedAnswer {
    const finish = (head: GatewayResponse) => ({ head: withCors(head, request.headers.origin), own });
    return createStreamedAnswer({ response, clock, quotas, switches, finish });
  }

  function withCors(response: GatewayResponse, origin: string | undefined): GatewayResponse {
    return cors ? { ...response, headers: cors.apply(response.headers, origin) } : response;
  }

  return (request, response) => {
    const requestId = createUuid(requestIds);
    const traceId = ids.trace();
    const given = request.headers['x-amzn-trace-id'];
    const meter = metering.requestArrived(typeof given === 'string' ? given : undefined, traceId);
    const { bytesWritten } = request.socket;
    // Whatever the answer is made of, and however much of it was written before the client left.
    const responseBytes = () => request.socket.bytesWritten - bytesWritten;
    const own = { 'X-Amzn-Requestid': requestId, 'X-Amzn-Trace-Id': traceId };
    const start = clock.now();
    const { path } = parseTarget(request.url ?? ''); // no query: it may hold secrets
    const subject = `function URL of ${fn.name}: ${request.method} ${path.slice(0, LOGGED_CHARACTERS)}`;
    response.on('error', () => {});
    answer({ request, response, requestId, traceId, meter, own })
      .catch((error: unknown): Answer => {
        const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { response: urlFailure({ kind: 'not-found' }), note, level: 'error' };
      })
      .then((handled) => {
        const ms = clock.now() - start;
        if (!handled || (request.socket.destroyed && !brokenOff(handled))) {
          log({ level: 'debug', source: 'gateway', message: `${subject} left after ${ms} ms` });
          meter.unbilled(responseBytes());
          return;
        }
        const answered = 'streamed' in handled ? afterStream(handled) : handled;
        if ('response' in answered) {
          const { isPreflight, response: given } = answered;
          writeResponse(response, isPreflight ? given : withCors(given, request.headers.origin), own);
        }
        const { note, level, behaviour = 'LA-11' } = answered;
        const status = 'response' in answered ? answered.response.status : answered.status;
        const message = `${subject} ${status} in ${ms} ms, request ${requestId}${note === undefined ? '' : `: ${note}`}`;
        log({ level, source: 'gateway', message, behaviour });
        const requestBytes = Number(request.headers['content-length']) || 0;
        meter.answered({ subject, status, gatewayBills: false, requestBytes, responseBytes: responseBytes() });
      })
      .catch((error: unknown) => breakOff(response, error, log));
  };
}

/** Whether the connection is gone because the answer was broken off, and not because the client left. */
function brokenOff(handled: Answer | Streamed): boolean {
  return 'streamed' in handled && handled.streamed.fault !== undefined;
}

type Told = Pick<Answer, 'note' | 'level' | 'behaviour'>;

/** What is still to be written, and to be said, once a function has ended that streamed. */
function afterStream({ streamed, note }: Streamed): Told & ({ readonly status: number } | Answer) {
  const { response, status, fault } = streamed;
  const said = [fault, note].filter((text) => text !== undefined).join('; ');
  const told: Told = { level: said === '' ? 'info' : 'error', behaviour: 'LA-12', ...(said !== '' && { note: said }) };
  return response === undefined ? { status, ...told } : { response, ...told };
}
