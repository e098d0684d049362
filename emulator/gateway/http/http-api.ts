import type { IncomingMessage, ServerResponse } from 'node:http';
import { apiDomain, executeApiArn, type HttpApi, type HttpRoute, type Stage } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { forwardedHeaders } from '../events/headers.ts';
import type { HttpRequest } from '../events/http-request.ts';
import { httpEventV1 } from '../events/http-v1.ts';
import { httpEventV2 } from '../events/http-v2.ts';
import { parseTarget } from '../events/target.ts';
import { domainNameOf, sourceIpOf } from '../host.ts';
import { type BoundIntegration, bindIntegration, describeFailure } from '../integration.ts';
import { routeArnPart } from '../permissions.ts';
import { readBody } from '../request-body.ts';
import { failureResponse, functionResponse, type GatewayResponse, ownResponse, titleCase } from './response.ts';
import { chooseStage, createRouter } from './routes.ts';

interface BoundRoute extends HttpRoute {
  /** A permission names the stage, so each stage has its own way to the function. */
  readonly byStage: ReadonlyMap<Stage, BoundIntegration>;
}

/** What became of a request: the answer, and what the log says about it. */
interface Answer {
  readonly response: GatewayResponse;
  readonly note: string;
  readonly level: 'debug' | 'warn' | 'error';
  readonly behaviour?: string;
}

/** The HTTP API: one request in, one invocation, one buffered answer out (HA-25). */
export function createHttpApi(
  context: GatewayContext,
  api: HttpApi,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { stack, clock, ids, log, quotas, switches } = context;
  const ownDomain = apiDomain(stack, api.apiId);
  const routes = api.routes.map((route) => bindRoute(context, api, route));
  const router = createRouter(routes);

  async function answer(request: IncomingMessage, requestId: string): Promise<Answer | undefined> {
    if (headerBytes(request) > quotas.httpHeaderBytes) {
      const note = `request line and headers exceed ${quotas.httpHeaderBytes} bytes`;
      const response = ownResponse(switches.headerLimitStatus, 'Request Header Fields Too Large');
      return { response, note, level: 'warn', behaviour: 'HA-22' };
    }
    if (request.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length > 1) {
      return { response: ownResponse(400, 'Bad Request'), note: 'more than one Host header', level: 'warn' };
    }
    const method = request.method ?? '';
    const { path, query } = parseTarget(request.url ?? '');
    const choice = chooseStage(api.stages, path);
    if (!choice) return notFound('no stage', 'HA-01');
    const match = router(method, choice.routePath);
    if (!match) return notFound(`no route among ${api.routes.map((route) => route.routeKey).join(', ')}`, 'HA-03');

    const body = await readBody(request, quotas.httpBodyBytes);
    if (body.kind === 'aborted') return undefined;
    if (body.kind === 'too-large') {
      const response = ownResponse(413, 'Request Entity Too Large');
      return { response, note: `body exceeds ${quotas.httpBodyBytes} bytes`, level: 'warn', behaviour: 'HA-22' };
    }
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    return call(match.route, {
      method,
      path,
      query,
      headers: forwardedHeaders(request.rawHeaders, {
        sourceIp,
        proto: switches.forwardedProto,
        traceId: ids.trace(),
        contentLength: body.bytes.length,
      }),
      body: body.bytes,
      sourceIp,
      domainName: domainNameOf(request.headers.host, ownDomain),
      accountId: stack.accountId,
      apiId: api.apiId,
      stage: choice.stage,
      routeKey: match.route.routeKey,
      pathParameters: match.pathParameters,
      requestId,
      timeEpoch: clock.now(),
    });
  }

  async function call(route: BoundRoute, request: HttpRequest): Promise<Answer> {
    const bound = route.byStage.get(request.stage);
    if (!bound) throw new Error(`route ${route.routeKey} is not bound to stage ${request.stage.name}`);
    const format = route.integration.payloadFormatVersion;
    const event = format === '1.0' ? httpEventV1(request, switches) : httpEventV2(request);
    const outcome = await bound.call(JSON.stringify(event));
    if (outcome.kind !== 'returned') {
      const note = describeFailure(bound.functionArn, outcome);
      return {
        response: failureResponse(outcome, switches),
        note,
        level: 'error',
        behaviour: BEHAVIOURS[outcome.kind],
      };
    }
    const response = functionResponse(outcome.payload, format, switches);
    return response.fault === undefined
      ? { response, note: route.routeKey, level: 'debug' }
      : { response, note: `${bound.functionArn}: ${response.fault}`, level: 'error', behaviour: 'HR-04' };
  }

  return (request, response) => {
    const requestId = ids.next();
    const start = clock.now();
    const subject = `${request.method} ${parseTarget(request.url ?? '').path}`; // no query: it may hold secrets
    // A client that leaves while its answer is being written is no event of ours.
    response.on('error', () => {});
    answer(request, requestId)
      .catch((error: unknown): Answer => {
        const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { response: ownResponse(500, 'Internal Server Error'), note, level: 'error' };
      })
      .then((answered) => {
        const ms = clock.now() - start;
        if (!answered || request.socket.destroyed) {
          log({ level: 'debug', source: 'gateway', message: `${subject} left after ${ms} ms` });
          return;
        }
        write(response, answered.response, requestId);
        const { level, note, behaviour } = answered;
        const status = answered.response.status;
        const message = `${subject} ${status} in ${ms} ms, request ${requestId}: ${note}`;
        log({ level, source: 'gateway', message, behaviour });
      });
  };
}

const BEHAVIOURS = {
  forbidden: 'HA-27',
  failed: 'HR-05',
  'timed-out': 'HR-06',
  'event-too-large': 'HA-23',
  throttled: 'HR-14',
  'not-found': 'HR-05',
} as const;

function bindRoute(context: GatewayContext, api: HttpApi, route: HttpRoute): BoundRoute {
  const arn = executeApiArn(context.stack, api.apiId);
  const bind = (stage: Stage) =>
    bindIntegration(
      context.integrations,
      route.integration,
      `${arn}/${stage.name}/${routeArnPart(route.routeKey)}`,
      context.quotas.httpIntegrationMs,
    );
  return { ...route, byStage: new Map(api.stages.map((stage) => [stage, bind(stage)])) };
}

function notFound(note: string, behaviour: string): Answer {
  return { response: ownResponse(404, 'Not Found'), note, level: 'warn', behaviour };
}

/** Bytes of request line and headers as they came over the wire. */
function headerBytes(request: IncomingMessage): number {
  let total = (request.method ?? '').length + (request.url ?? '').length + ' HTTP/1.1\r\n '.length;
  for (const text of request.rawHeaders) total += text.length + 2; // `: ` after a name, CRLF after a value
  return total;
}

function write(response: ServerResponse, { status, headers, body }: GatewayResponse, requestId: string): void {
  const lines: string[] = [];
  for (const [name, value] of headers) lines.push(titleCase(name), value);
  if (status !== 204 && status !== 304) lines.push('Content-Length', String(Buffer.byteLength(body)));
  // Named here because Node would add a Keep-Alive header of its own, which AWS does not send (HR-10).
  lines.push('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close', 'Apigw-Requestid', requestId);
  response.writeHead(status, lines);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
