import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocketApi } from '../stack/stack.ts';
import { isFromWebPage } from '../stack/web-page.ts';
import type { GatewayContext } from './context.ts';
import { parseTarget, percentDecode } from './events/target.ts';
import { isConnectionId } from './ids.ts';
import { readBody } from './request-body.ts';
import { CLOSED_NORMALLY } from './websocket/closing.ts';
import type { Connection } from './websocket/connection.ts';
import type { WebSocketApiServer } from './websocket/websocket-api.ts';

/** An answer: JSON text or nothing, and for an error the name that the SDKs know it by. */
interface Answer {
  readonly status: number;
  readonly errorType?: string;
  readonly body?: string;
  readonly behaviour: string;
}

const RESOURCE = '@connections';

/** 410 has no body: the SDKs read its name from the header (MG-06). */
const GONE: Answer = { status: 410, errorType: 'GoneException', behaviour: 'MG-06' };
const FORBIDDEN = failure(403, 'ForbiddenException', 'Forbidden', 'MG-02');
const UNSIGNED = failure(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token', 'MG-03');
const UPGRADE_REQUIRED: Answer = { status: 426, behaviour: 'WS-19' };
const BUFFER_FULL = failure(429, 'LimitExceededException', 'The client reads too slowly: its buffer is full', 'MG-12');

/**
 * `@connections`: POST sends, GET tells, DELETE closes, at `/{stage}/@connections/{url-encoded id}` (MG-01).
 * Signatures must be there (MG-03); they are not verified, so a web page, which could send any, is refused.
 */
export function createManagementApi(
  context: GatewayContext,
  api: WebSocketApi,
  connections: Pick<WebSocketApiServer, 'find'>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { log, quotas, switches } = context;

  async function answer(request: IncomingMessage): Promise<Answer | undefined> {
    const { path, query } = parseTarget(request.url ?? '');
    const segments = path.split('/').map(percentDecode);
    if (request.method === 'GET' && !segments.includes(RESOURCE)) return UPGRADE_REQUIRED;
    const [, stage, resource, id, ...rest] = segments;
    if (stage !== api.stage.name || resource !== RESOURCE) return FORBIDDEN;
    if (isFromWebPage(request.headers)) return FORBIDDEN;
    if (request.headers.authorization === undefined && !query.includes('X-Amz-Signature=')) return UNSIGNED;
    if (id === undefined || rest.length > 0 || !isConnectionId(id)) {
      return failure(400, 'BadRequestException', `Invalid connectionId: ${id ?? ''}`, 'MG-07');
    }
    const body = await readBody(request, quotas.managementBodyBytes);
    if (body.kind === 'aborted') return undefined;
    if (body.kind === 'too-large') {
      const message = `Payload is larger than ${quotas.managementBodyBytes} bytes`;
      return failure(413, 'PayloadTooLargeException', message, 'MG-11');
    }
    const found = connections.find(id);
    if (found?.kind === 'connecting' && switches.postDuringConnect === 'hang') await found.settled;
    if (found?.kind !== 'open') return found ? { ...GONE, behaviour: 'MG-05' } : GONE;
    return act(request.method, found.connection, body.bytes);
  }

  return (request, response) => {
    response.on('error', () => {});
    answer(request)
      .catch((error: unknown): Answer => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log({ level: 'error', source: 'gateway', message });
        return failure(500, 'InternalServerErrorException', 'Internal server error', 'MG-01');
      })
      .then((answered) => {
        if (!answered) return;
        write(response, answered);
        const { status, errorType, behaviour } = answered;
        const { path } = parseTarget(request.url ?? ''); // no query: it may hold a signature
        const message = `${request.method} ${path} ${status}${errorType ? ` ${errorType}` : ''}`;
        log({ level: status < 400 ? 'debug' : 'warn', source: 'gateway', message, behaviour });
      });
  };
}

function act(method: string | undefined, connection: Connection, bytes: Buffer): Answer {
  switch (method) {
    case 'POST':
      return post(connection, bytes);
    case 'GET':
      return { status: 200, body: JSON.stringify(describe(connection)), behaviour: 'MG-09' };
    case 'DELETE':
      connection.close(CLOSED_NORMALLY);
      return { status: 204, behaviour: 'MG-10' };
    default:
      return FORBIDDEN;
  }
}

function post(connection: Connection, bytes: Buffer): Answer {
  switch (connection.send(bytes)) {
    case 'sent':
      return { status: 200, behaviour: 'MG-08' };
    case 'gone':
      return GONE;
    case 'buffer-full':
      return BUFFER_FULL;
  }
}

function describe(connection: Connection) {
  const { connectedAt, sourceIp, userAgent } = connection.facts;
  return {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(connection.lastActiveAt()).toISOString(),
  };
}

function failure(status: number, errorType: string, message: string, behaviour: string): Answer {
  return { status, errorType, body: JSON.stringify({ message }), behaviour };
}

function write(response: ServerResponse, { status, errorType, body = '' }: Answer): void {
  const headers: string[] = [];
  if (body !== '') headers.push('Content-Type', 'application/json');
  if (status !== 204) headers.push('Content-Length', String(Buffer.byteLength(body)));
  if (errorType) headers.push('x-amzn-ErrorType', errorType);
  response.writeHead(status, headers);
  response.end(body);
}
