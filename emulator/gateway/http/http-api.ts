import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Latency } from '../../latency/latency.ts';
import type { MeteredRequest } from '../../meter/metering.ts';
import type { HttpApi } from '../../stack/stack.ts';
import { breakOff } from '../break-off.ts';
import type { GatewayContext } from '../context.ts';
import { forwardedHeaders } from '../events/headers.ts';
import type { HttpRequest } from '../events/http-request.ts';
import { httpEventV1 } from '../events/http-v1.ts';
import { httpEventV2 } from '../events/http-v2.ts';
import { decodedPath, parseTarget, type Target, tidyPath } from '../events/target.ts';
import { sourceIpOf } from '../host.ts';
import { describeFailure, functionName } from '../integration.ts';
import { readBody } from '../request-body.ts';
import { type Address, createAddressing } from './addressing.ts';
import { type Answer, refusal, writeResponse } from './answer.ts';
import { createAuthorization } from './authorization.ts';
import { type BoundRoute, bindRoutes } from './bound-routes.ts';
import { createCors } from './cors.ts';
import { headerBytes, malformed } from './malformed.ts';
import { failureResponse, functionResponse, type GatewayResponse, ownResponse } from './response.ts';
import { createRouter, type RouteMatch } from './routes.ts';
import { createThrottles } from './throttles.ts';

/** Characters of a path that the log shows. */
const LOGGED_CHARACTERS = 300;

/** Status line, `Date`, `Content-Length`, `Connection` and `Apigw-Requestid`. */
const OWN_HEAD_BYTES = 160;

/** A request that leads to a stage. */
interface Arrival {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly traceId: string;
  readonly meter: MeteredRequest;
  readonly target: Target;
  readonly address: Extract<Address, { kind: 'stage' }>;
}

const UNDECODABLE =
  'the path is decoded twice, and %25 gives a % that begins no escape then; see the switch pathDecoding';

/** The HTTP API: one request in, one invocation, one buffered answer out (HA-25). */
export function createHttpApi(
  context: GatewayContext,
  api: HttpApi,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { stack, clock, latency, log, metering, quotas, switches } = context;
  const ids = context.idsOf('HTTP requests');
  const addressOf = createAddressing(stack, api, switches);
  const authorize = createAuthorization(context, api);
  const cors = api.cors && createCors(api.cors);
  const router = createRouter(bindRoutes(context, api));
  const takeToken = createThrottles(context);

  async function answer(begun: Omit<Arrival, 'target' | 'address'>): Promise<Answer | undefined> {
    const { request } = begun;
    if (latency !== undefined) await latency.wait('requestArrives');
    if (headerBytes(request) > quotas.httpHeaderBytes) {
      const note = `request line and headers exceed ${quotas.httpHeaderBytes} bytes`;
      return refusal(switches.headerLimitStatus, 'Request Header Fields Too Large', note, 'HA-22');
    }
    const fault = malformed(request);
    if (fault !== undefined) return refusal(400, 'Bad Request', fault);
    const target = parseTarget(request.url ?? '');
    const address = addressOf(request.headers.host, tidyPath(target.path, switches));
    switch (address.kind) {
      case 'no-host':
        return refusal(switches.unknownHostStatus, messageOf(switches.unknownHostStatus), address.why, 'HR-15');
      case 'no-stage':
        return refusal(404, 'Not Found', address.why, 'HA-01');
      case 'stage':
        return onStage({ ...begun, target, address });
    }
  }

  /**
   * A preflight is the gateway's own to answer, with a route for OPTIONS or without one. But a route that takes it and asks
   * for authorization gets it first: ANY and $default routes with an authorizer refuse preflights, in AWS as well
   * (developer guide, http-api-cors; sst#5493).
   */
  async function onStage(arrival: Arrival): Promise<Answer | undefined> {
    const { request, address } = arrival;
    const { method = '' } = request;
    const match = router(method, address.routePath);
    const origin = request.headers.origin;
    const requestedMethod = request.headers['access-control-request-method'];
    const preflight = cors?.isPreflight({ method, origin, requestedMethod }) ? cors : undefined;
    if (!match && !preflight) {
      const routes = api.routes.map((route) => route.routeKey).join(', ');
      return refusal(404, 'Not Found', `no route among ${routes}: no function was invoked`, 'HA-03');
    }
    const throttled = takeToken(address.stage, match?.route.routeKey ?? 'OPTIONS');
    if (throttled !== undefined) return refusal(429, 'Too Many Requests', throttled, 'HA-24');
    if (preflight && (!match || match.route.authorization.kind === 'none')) return answerPreflight(origin);
    return match && toRoute(arrival, match, preflight !== undefined);
  }

  function answerPreflight(origin: string | undefined): Answer {
    const headers = cors?.preflightHeaders(origin) ?? [];
    const note =
      headers.length > 0
        ? 'the gateway answered the preflight itself: no function was invoked'
        : `CORS allows no origin ${origin}: the browser refuses this answer; see AllowOrigins`;
    return {
      response: { status: 204, headers, body: '' },
      note,
      level: headers.length > 0 ? 'info' : 'warn',
      behaviour: 'HR-13',
      isPreflight: true,
    };
  }

  async function toRoute(
    { request, requestId, traceId, meter, target, address }: Arrival,
    { route, pathParameters }: RouteMatch<BoundRoute>,
    isPreflight: boolean,
  ): Promise<Answer | undefined> {
    const body = await readBody(request, quotas.httpBodyBytes);
    if (body.kind === 'aborted') return undefined;
    if (body.kind === 'too-large') {
      return refusal(413, 'Request Entity Too Large', `body exceeds ${quotas.httpBodyBytes} bytes`, 'HA-22');
    }
    const decoded = decodedPath(address.eventPath, switches.pathDecoding);
    if (decoded === undefined) return refusal(400, 'Bad Request', UNDECODABLE, 'HA-05');
    const { method = '', headers } = request;
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const routed: HttpRequest = {
      method,
      path: address.eventPath,
      decodedPath: decoded,
      query: target.query,
      headers: forwardedHeaders(request.rawHeaders, {
        sourceIp,
        proto: switches.forwardedProto,
        traceId,
        contentLength: body.bytes.length,
      }),
      body: body.bytes,
      sourceIp,
      domainName: address.domainName,
      accountId: stack.accountId,
      apiId: api.apiId,
      stage: address.stage,
      routeKey: route.routeKey,
      pathParameters,
      requestId,
      timeEpoch: clock.now(),
    };
    const signed = { method, path: target.path, query: target.query, headers, body: body.bytes };
    const admission = await authorize(route, { request: routed, routePath: address.routePath, signed });
    if (!admission.admitted) return admission.answer;
    if (isPreflight) return answerPreflight(headers.origin);
    const { granted } = admission;
    return invoke(route, granted ? { ...routed, granted } : routed, address, meter);
  }

  async function invoke(
    route: BoundRoute,
    request: HttpRequest,
    { stage }: Arrival['address'],
    meter: MeteredRequest,
  ): Promise<Answer> {
    const way = route.way(stage, request.method);
    const format = route.integration.payloadFormatVersion;
    const event = format === '1.0' ? httpEventV1(request, switches) : httpEventV2(request, switches);
    const by = `${functionName(way.functionArn)} (${route.routeKey})`;
    const { options, ended } = meter.invocationBegins();
    const outcome = await way.call(JSON.stringify(event), options);
    ended();
    if (outcome.kind !== 'returned') {
      const response = failureResponse(outcome, switches);
      const note = describeFailure(way.functionArn, outcome);
      return { response, by, note, level: 'error', behaviour: BEHAVIOURS[outcome.kind] };
    }
    const response = functionResponse(outcome.payload, format, switches);
    return response.fault === undefined
      ? { response, by, level: 'info' }
      : {
          response,
          by,
          note: `what it returned is no response: ${response.fault}`,
          level: 'error',
          behaviour: 'HR-04',
        };
  }

  function withCors({ response, isPreflight }: Answer, origin: string | undefined): GatewayResponse {
    return cors && !isPreflight ? { ...response, headers: cors.apply(response.headers, origin) } : response;
  }

  return (request, response) => {
    const requestId = ids.next();
    const traceId = ids.trace();
    const meter = metering.requestArrived(traceHeaderOf(request), traceId);
    const start = clock.now();
    const { path } = parseTarget(request.url ?? ''); // no query: it may hold secrets
    const subject = `${request.method} ${path.slice(0, LOGGED_CHARACTERS)}`;
    // A client that leaves while its answer is being written is no event of ours.
    response.on('error', () => {});
    const answering = answer({ request, requestId, traceId, meter }).catch((error: unknown): Answer => {
      const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { response: ownResponse(500, 'Internal Server Error'), note, level: 'error' };
    });
    (latency === undefined ? answering : afterItsWay(answering, latency))
      .then((answered) => {
        const ms = clock.now() - start;
        if (!answered || request.socket.destroyed) {
          meter.unbilled();
          log({ level: 'debug', source: 'gateway', message: `${subject} left after ${ms} ms` });
          return;
        }
        const { by, level, note, behaviour } = answered;
        const sent = withCors(answered, request.headers.origin);
        writeResponse(response, sent, { 'Apigw-Requestid': requestId });
        const who = by === undefined ? '' : ` by ${by}`;
        const why = note === undefined ? '' : `: ${note}`;
        const message = `${subject} ${sent.status} in ${ms} ms${who}, request ${requestId}${why}`;
        log({ level, source: 'gateway', message, behaviour });
        if (behaviour === 'HA-24') meter.unbilled();
        else {
          const [requestBytes, responseBytes] = [bodyBytes(request), sizeOf(sent, request.method)];
          meter.answered({ subject, status: sent.status, gatewayBills: true, requestBytes, responseBytes });
        }
      })
      .catch((error: unknown) => breakOff(response, error, log));
  };
}

async function afterItsWay<T>(answering: Promise<T>, latency: Latency): Promise<T> {
  const answered = await answering;
  await latency.wait('answerLeaves');
  return answered;
}

const BEHAVIOURS = {
  forbidden: 'HA-27',
  failed: 'HR-05',
  'timed-out': 'HR-06',
  'event-too-large': 'HA-23',
  throttled: 'HR-14',
  'not-found': 'HR-05',
} as const;

function traceHeaderOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-amzn-trace-id'];
  return typeof given === 'string' ? given : undefined;
}

/** Bytes that the client said it sends; the gateway takes no more and no fewer. */
function bodyBytes({ headers }: IncomingMessage): number {
  return Number(headers['content-length']) || 0;
}

/** Bytes of an answer that leave AWS, as near as makes no difference: its head is not built from these headers alone. */
function sizeOf({ headers, body }: GatewayResponse, method: string | undefined): number {
  const lines = headers.reduce((total, [name, value]) => total + name.length + value.length + 4, OWN_HEAD_BYTES);
  return method === 'HEAD' ? lines : lines + Buffer.byteLength(body);
}

function messageOf(status: number): string {
  return status === 404 ? 'Not Found' : 'Forbidden';
}
