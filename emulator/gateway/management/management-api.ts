import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metering } from '../../meter/metering.ts';
import { strikes } from '../../stack/random.ts';
import { executeApiArn, type WebSocketApi } from '../../stack/stack.ts';
import { isFromWebPage } from '../../stack/web-page.ts';
import { breakOff } from '../break-off.ts';
import type { GatewayContext } from '../context.ts';
import { parseTarget, percentDecode } from '../events/target.ts';
import { readBody } from '../request-body.ts';
import { createAddressing } from '../websocket/addressing.ts';
import { CLOSED_NORMALLY } from '../websocket/closing.ts';
import type { Connection } from '../websocket/connection.ts';
import type { WebSocketApiServer } from '../websocket/websocket-api.ts';
import { type Answer, DELETED, failure, gone, POSTED, writeAnswer } from './answers.ts';
import { readCall, refuseId } from './call.ts';
import { createPost, REPEAT, tooMany } from './post.ts';

const NOTHING = Buffer.alloc(0);

type PostEnds = ReturnType<Metering['postBegins']>;

/**
 * `@connections`: POST sends, GET tells, DELETE closes (MG-01). Calls are signed, and the signer's policies allow
 * `execute-api:ManageConnections` on `{apiId}/{stage}/{METHOD}/@connections/{id}`, or without the id (MG-03, MG-04). A web page is refused
 * whatever it signs with: the developer's key is no secret on this machine.
 */
export function createManagementApi(
  context: GatewayContext,
  api: WebSocketApi,
  connections: Pick<WebSocketApiServer, 'find'>,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { accountThrottle, authority, clock, faults, latency, log, metering, quotas, stack, switches } = context;
  const throttles = context.randomOf('postThrottleRate');
  const addressOf = createAddressing(context, api);
  const stageArn = `${executeApiArn(stack, api.apiId)}/${api.stage.name}`;
  const post = createPost(context);

  async function answer(request: IncomingMessage): Promise<Answer | undefined> {
    const { path, query } = parseTarget(request.url ?? '');
    const { method = '', headers } = request;
    const ended = metering.postBegins(traceOf(headers));
    const segments = path.split('/').slice(1).map(percentDecode);
    const call = readCall(method, path, segments, addressOf(headers.host, path), switches.unknownHostStatus);
    if (call.kind === 'answer') return call.answer;
    if (isFromWebPage(headers)) return failure(403, 'ForbiddenException', 'Forbidden', 'MG-03', 'a web page asked');

    const { id } = call;
    const body = await readBody(request, quotas.managementBodyBytes);
    if (body.kind === 'aborted') return undefined;
    if (latency !== undefined) await latency.wait('managementCall');
    const bytes = body.kind === 'whole' ? body.bytes : NOTHING;
    const everyId = `${stageArn}/${method}/@connections`;
    const whole = switches.connectionsWithoutId ? everyId : undefined;
    const signed = { method, path, query, headers, body: bytes };
    const ruling = authority.rule(signed, 'execute-api:ManageConnections', `${everyId}/${id}`, whole);
    // Of a body that was not kept nobody can tell whether its signature fits.
    const unreadable = body.kind === 'too-large' && !ruling.allowed && ruling.errorType === 'InvalidSignatureException';
    if (!ruling.allowed && !unreadable) return refused(ruling.errorType, ruling.message);
    if (strikes(faults.postThrottleRate, throttles)) return tooMany('throttled on purpose (postThrottleRate)');
    if (!accountThrottle.take()) return tooMany("the account's requests a second are used up (WS-50)");
    const refusedId = refuseId(id);
    if (refusedId) return refusedId;
    if (body.kind === 'too-large') {
      const message = `Payload is larger than ${quotas.managementBodyBytes} bytes`;
      return failure(413, 'PayloadTooLargeException', message, 'MG-11', 'send it as several posts');
    }
    return onConnection(method, id, bytes, ended);
  }

  /** What a post sends is a message like any other, and billed as one where it was sent. */
  async function metered(connection: Connection, bytes: Buffer, ended: PostEnds): Promise<Answer> {
    const answered = await post(connection, bytes);
    const sent = answered === POSTED || answered === REPEAT;
    ended(sent ? { bytes, inRegion: connection.inRegion } : undefined);
    return answered;
  }

  async function onConnection(method: string, id: string, bytes: Buffer, ended: PostEnds): Promise<Answer> {
    const found = connections.find(id);
    if (found?.kind === 'connecting') {
      if (switches.postDuringConnect === 'hang') await found.settled;
      return gone('MG-05', '$connect has not returned yet, or only just: nothing can be posted before the 101');
    }
    if (!found) return gone('MG-06', 'no such connection: it closed, or never was; forget the id');
    switch (method) {
      case 'POST':
        return metered(found.connection, bytes, ended);
      case 'GET':
        return { status: 200, body: JSON.stringify(describe(found.connection)), behaviour: 'MG-09' };
      case 'DELETE':
        found.connection.close(CLOSED_NORMALLY);
        return DELETED;
      default:
        return failure(403, 'ForbiddenException', 'Forbidden', 'MG-01', 'only POST, GET and DELETE do something here');
    }
  }

  return (request, response) => {
    const start = clock.now();
    response.on('error', () => {});
    answer(request)
      .catch((error: unknown): Answer => {
        const note = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return failure(500, 'InternalServerErrorException', 'Internal server error', 'MG-01', note);
      })
      .then((answered) => {
        if (!answered) return;
        writeAnswer(response, answered);
        const { status, errorType, behaviour, note } = answered;
        const { path } = parseTarget(request.url ?? ''); // no query: it may hold a signature
        const outcome = [status, errorType, `in ${clock.now() - start} ms`]
          .filter((part) => part !== undefined)
          .join(' ');
        const message = `${request.method} ${path} ${outcome}${note === undefined ? '' : `: ${note}`}`;
        log({ level: status < 400 ? 'info' : status < 500 ? 'warn' : 'error', source: 'gateway', message, behaviour });
      })
      .catch((error: unknown) => breakOff(response, error, log));
  };
}

/** The AWS SDK names the invocation that it is used in. */
function traceOf(headers: IncomingMessage['headers']): string | undefined {
  const given = headers['x-amzn-trace-id'];
  return typeof given === 'string' ? given : undefined;
}

/** Why a signer was turned away, and where to look. */
function refused(errorType: string, message: string): Answer {
  if (errorType === 'ForbiddenException') {
    const note = `${message}. Allow it in the role of the function that posts`;
    return failure(403, errorType, message, 'MG-04', note);
  }
  const note = `${message}. Sign for execute-api in the stack's region, with the role's own credentials, over the very path sent`;
  return failure(403, errorType, message, 'MG-03', note);
}

function describe(connection: Connection) {
  const { connectedAt, sourceIp, userAgent } = connection.facts;
  return {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(connection.lastActiveAt()).toISOString(),
  };
}
