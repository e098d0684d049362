import type { IncomingMessage, ServerResponse } from 'node:http';
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
import { FORBIDDEN, TOO_LARGE, urlFailure, urlResult } from './response.ts';
import { createUuid } from './uuid.ts';

/** Bytes of a request's body, which is Lambda's own limit of events (LA-04). */
const BODY_BYTES = 6 * 1024 * 1024;
const LOGGED_CHARACTERS = 300;
const ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

/** A function's own HTTPS endpoint, buffered (LA-11). No gateway: no stages, no routes, no 30 seconds. */
export function createFunctionUrl(
  context: GatewayContext,
  fn: LambdaFunction,
  url: FunctionUrl,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { authority, clock, integrations, log, quotas, stack, switches } = context;
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

  async function answer(request: IncomingMessage, requestId: string): Promise<Answer | undefined> {
    const { method = '', headers } = request;
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
    return invoke(request, requestId, body.bytes, admission.granted);
  }

  async function invoke(
    request: IncomingMessage,
    requestId: string,
    body: Buffer,
    granted: Granted | undefined,
  ): Promise<Answer> {
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const target = parseTarget(request.url ?? '');
    const event = functionUrlEvent(
      {
        method: request.method ?? '',
        ...target,
        decodedPath: percentDecode(target.path),
        headers: forwardedHeaders(request.rawHeaders, {
          sourceIp,
          proto: switches.forwardedProto,
          traceId: ids.trace(),
          contentLength: body.length,
        }),
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
    const outcome = await integrations.invoker.invoke(fn.arn, JSON.stringify(event));
    if (outcome.kind !== 'returned') {
      const note = describeFailure(fn.arn, outcome);
      return { response: urlFailure(outcome), note, level: 'error' };
    }
    const response = urlResult(outcome.payload, switches);
    return response.fault === undefined
      ? { response, level: 'info' }
      : { response, note: `${fn.arn}: ${response.fault}`, level: 'error' };
  }

  function withCors(response: GatewayResponse, origin: string | undefined): GatewayResponse {
    return cors ? { ...response, headers: cors.apply(response.headers, origin) } : response;
  }

  return (request, response) => {
    const requestId = createUuid(requestIds);
    const start = clock.now();
    const { path } = parseTarget(request.url ?? ''); // no query: it may hold secrets
    const subject = `function URL of ${fn.name}: ${request.method} ${path.slice(0, LOGGED_CHARACTERS)}`;
    response.on('error', () => {});
    answer(request, requestId)
      .catch((error: unknown): Answer => {
        const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { response: urlFailure({ kind: 'not-found' }), note, level: 'error' };
      })
      .then((answered) => {
        const ms = clock.now() - start;
        if (!answered || request.socket.destroyed) {
          log({ level: 'debug', source: 'gateway', message: `${subject} left after ${ms} ms` });
          return;
        }
        const { isPreflight, level, note, behaviour } = answered;
        const sent = isPreflight ? answered.response : withCors(answered.response, request.headers.origin);
        writeResponse(response, sent, { 'X-Amzn-Requestid': requestId, 'X-Amzn-Trace-Id': ids.trace() });
        const message = `${subject} ${sent.status} in ${ms} ms, request ${requestId}${note === undefined ? '' : `: ${note}`}`;
        log({ level, source: 'gateway', message, behaviour: behaviour ?? 'LA-11' });
      })
      .catch((error: unknown) => breakOff(response, error, log));
  };
}
