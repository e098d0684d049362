import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InvokeResult } from '../../stack/invoker.ts';
import { type FunctionUrl, functionUrlDomain, type InvokePermission, type LambdaFunction } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { forwardedHeaders } from '../events/headers.ts';
import type { HttpRequest } from '../events/http-request.ts';
import { parseTarget } from '../events/target.ts';
import { isRecord, parseResult } from '../function-result.ts';
import { sourceIpOf } from '../host.ts';
import { functionResponse, type GatewayResponse, titleCase } from '../http/response.ts';
import { readBody } from '../request-body.ts';
import { functionUrlEvent } from './function-url-event.ts';

interface Answer {
  readonly response: GatewayResponse;
  readonly note: string;
  readonly level: 'debug' | 'warn' | 'error';
}

const JSON_TYPE = ['content-type', 'application/json'] as const;
const TEXT_TYPE = ['content-type', 'text/plain'] as const;
/** Bytes of an event, beyond which Lambda refuses; base64 only makes a body larger (LA-04). */
const MOST_BODY_BYTES = 6 * 1024 * 1024;
const ADVICE = 'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';
const FORBIDDEN = own(403, 'AccessDeniedException', {
  Message: `Forbidden. For troubleshooting Function URL authorization issues, see: ${ADVICE}`,
});

/**
 * The endpoint of one function, without a gateway before it: no routes, no stages, no integration timeout (LA-11). What the
 * function returns is buffered.
 */
export function createFunctionUrl(
  context: GatewayContext,
  fn: LambdaFunction,
  url: FunctionUrl,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { stack, authority, clock, ids, integrations, log, switches } = context;
  const missing = OPENING.filter((action) => !isPublic(integrations.permissions, fn, action));

  async function answer(request: IncomingMessage, requestId: string): Promise<Answer | undefined> {
    const { path, query } = parseTarget(request.url ?? '');
    const body = await readBody(request, MOST_BODY_BYTES);
    if (body.kind === 'aborted') return undefined;
    if (body.kind === 'too-large') return tooLarge();
    const admitted = admit({ method: request.method ?? '', path, query, headers: request.headers, body: body.bytes });
    if (typeof admitted !== 'object') return { response: FORBIDDEN, note: `${admitted} (LA-11)`, level: 'warn' };
    const sourceIp = sourceIpOf(request.socket.remoteAddress);
    const routed: HttpRequest = {
      method: request.method ?? '',
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
      domainName: functionUrlDomain(stack, url.urlId),
      accountId: stack.accountId,
      apiId: url.urlId,
      stage: { name: '$default', variables: {} },
      routeKey: '$default',
      pathParameters: {},
      requestId,
      timeEpoch: clock.now(),
    };
    const event = functionUrlEvent(routed, admitted.signerArn);
    return judge(await integrations.invoker.invoke(fn.arn, JSON.stringify(event)));
  }

  /** @returns who signed, if anybody; or why the request may not come in */
  function admit(request: Parameters<typeof authority.rule>[0]): { readonly signerArn?: string } | string {
    if (url.authorization === 'AWS_IAM') {
      const ruling = authority.rule(request, 'lambda:InvokeFunctionUrl', fn.arn);
      return ruling.allowed ? { signerArn: ruling.principalArn } : `${ruling.errorType}: ${ruling.message}`;
    }
    const need = `no permission lets everybody do ${missing.join(' and ')} on ${fn.name}`;
    return missing.length === 0 ? {} : `${need}; it was not invoked`;
  }

  function judge(result: InvokeResult): Answer {
    switch (result.kind) {
      case 'returned': {
        const response = withJsonType(functionResponse(result.payload, '2.0', switches), result.payload);
        if (response.fault === undefined) return { response, note: fn.name, level: 'debug' };
        return { response: BAD_GATEWAY, note: `${fn.name}: ${response.fault}`, level: 'error' };
      }
      case 'failed': {
        const note = `${fn.name} failed with ${result.errorType}: ${result.errorMessage}; its own log has the rest`;
        return { response: BAD_GATEWAY, note, level: 'error' };
      }
      case 'throttled': {
        const response = own(429, 'TooManyRequestsException', { Message: 'Rate Exceeded.' });
        return { response, note: `${fn.name} has no concurrency left (LA-06)`, level: 'error' };
      }
      case 'event-too-large':
        return tooLarge();
      case 'not-found':
        return { response: BAD_GATEWAY, note: `there is no function ${fn.arn}`, level: 'error' };
    }
  }

  return (request, response) => {
    const requestId = randomUUID();
    const start = clock.now();
    const subject = `${request.method} ${parseTarget(request.url ?? '').path} of ${fn.name}'s URL`;
    response.on('error', () => {});
    answer(request, requestId)
      .catch((error: unknown): Answer => {
        const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { response: BAD_GATEWAY, note, level: 'error' };
      })
      .then((answered) => {
        if (!answered || request.socket.destroyed) return;
        write(response, answered.response, requestId);
        const { note, level } = answered;
        const message = `${subject} ${answered.response.status} in ${clock.now() - start} ms, request ${requestId}: ${note}`;
        log({ level, source: 'gateway', message, behaviour: 'LA-11' });
      });
  };
}

const BAD_GATEWAY: GatewayResponse = { status: 502, headers: [TEXT_TYPE], body: 'Internal Server Error' };

/** URLs made since October 2025 want both. */
const OPENING = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

/** Whether a statement lets everybody do that through URLs of the function that ask for no signature. */
function isPublic(permissions: readonly InvokePermission[], fn: LambdaFunction, wanted: string): boolean {
  return permissions.some(
    ({ functionArn, principal, action, functionUrlAuthType = 'NONE' }) =>
      functionArn === fn.arn &&
      principal === '*' &&
      (action === wanted || action === 'lambda:*') &&
      functionUrlAuthType === 'NONE',
  );
}

/** Where the function names no content type it is JSON, which an HTTP API takes for text (HR-03). */
function withJsonType(response: GatewayResponse, payload: string): GatewayResponse {
  const result = parseResult(payload);
  const headers = isRecord(result) && isRecord(result.headers) ? Object.keys(result.headers) : [];
  if (headers.some((name) => name.toLowerCase() === 'content-type')) return response;
  return {
    ...response,
    headers: response.headers.map((header) => (header[0] === 'content-type' ? JSON_TYPE : header)),
  };
}

function tooLarge(): Answer {
  const response = own(413, 'RequestTooLargeException', { Message: 'Request must be smaller than 6291456 bytes' });
  return { response, note: 'the event is larger than Lambda takes (LA-04)', level: 'warn' };
}

function own(status: number, errorType: string, body: object): GatewayResponse {
  return { status, headers: [JSON_TYPE, ['x-amzn-ErrorType', errorType]], body: JSON.stringify(body) };
}

function write(response: ServerResponse, { status, headers, body }: GatewayResponse, requestId: string): void {
  const lines = headers.flatMap(([name, value]) => [titleCase(name), value]);
  if (status !== 204 && status !== 304) lines.push('Content-Length', String(Buffer.byteLength(body)));
  lines.push('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close', 'X-Amzn-Requestid', requestId);
  response.writeHead(status, lines);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
