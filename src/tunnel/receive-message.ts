import { decodeAgentMessage, encode } from '../protocol/codec.ts';
import type { AnswerMessage } from '../protocol/messages.ts';
import { tunnelUrls } from './addressing.ts';
import type { OpenTunnelDependencies } from './open-tunnel.ts';
import { openTunnel } from './open-tunnel.ts';
import type { AnswerPiece, Rendezvous } from './ports.ts';
import type { RequestIds } from './request-id.ts';
import { sessionOfConnection } from './request-id.ts';

export interface ReceiveMessageDependencies extends OpenTunnelDependencies {
  readonly answers: Pick<Rendezvous, 'put'>;
  /** Asked for when an answer has come, since the key behind it may have to be read. */
  readonly requestIds: () => Promise<RequestIds>;
}

/** `$default`: everything an agent says. Messages come in any order and may come twice (WS-44). */
export async function receiveMessage(
  connectionId: string,
  text: string,
  dependencies: ReceiveMessageDependencies,
): Promise<void> {
  const message = decodeAgentMessage(text);
  switch (message.type) {
    case 'ready':
      return openTunnel(connectionId, message.hello, dependencies);
    case 'ping':
      return answerPing(connectionId, dependencies);
    case 'pong':
      return;
    case 'http_response':
    case 'response_part':
    case 'error':
      return acceptAnswer(connectionId, message, dependencies);
    case 'malformed':
      dependencies.log('warn', 'malformed message', { connectionId, field: message.field, problem: message.problem });
      return;
    case 'unknown':
      dependencies.log('warn', 'message of an unknown type', { connectionId, name: message.name.slice(0, 64) });
      return;
  }
}

/** Passes an answer on to whoever waits for it, provided it comes from the session that was asked. */
async function acceptAnswer(
  connectionId: string,
  message: AnswerMessage,
  { answers, requestIds, log }: ReceiveMessageDependencies,
): Promise<void> {
  const { requestId } = message;
  if (requestId === null) {
    log('warn', 'agent reports an error of no request', { connectionId });
    return;
  }
  const session = message.sessionId ?? sessionOfConnection(connectionId);
  if (!(await requestIds()).belongs(requestId, session)) {
    log('warn', 'answer from a session that was not asked', { connectionId, requestId });
    return;
  }
  await answers.put(requestId, pieceOf(message));
  log('debug', 'answer received', { connectionId, requestId, type: message.type });
}

function pieceOf(message: AnswerMessage): AnswerPiece {
  switch (message.type) {
    case 'http_response':
      return {
        kind: 'head',
        status: message.status,
        headers: message.headers,
        body: message.body,
        more: message.more,
      };
    case 'response_part':
      return {
        kind: 'part',
        part: message.part,
        body: message.body,
        ...(message.totalBytes !== undefined && { totalBytes: message.totalBytes }),
      };
    case 'error':
      return { kind: 'error', code: message.code, message: message.message };
  }
}

/** A version 2 agent gets a `pong`, so that it notices a dead connection, and its URL where that has changed. */
async function answerPing(
  connectionId: string,
  { connections, post, address, log }: ReceiveMessageDependencies,
): Promise<void> {
  const attached = (await connections.read(connectionId))?.attached;
  if (attached?.protocol !== 2) return;
  await post(connectionId, encode({ type: 'pong' }));
  const { tunnelId, sessionId, protocol } = attached;
  const urls = tunnelUrls(address, tunnelId);
  if (urls.publicUrl === attached.publicUrl && urls.subdomainUrl === attached.subdomainUrl) return;
  await connections.attach(connectionId, { tunnelId, sessionId, protocol, ...urls });
  await post(connectionId, encode({ type: 'url_updated', ...urls }));
  log('info', 'public URL changed', { connectionId, tunnelId });
}
