import { decodeAgentMessage, encode } from '../protocol/codec.ts';
import { isTunnelId } from '../protocol/ids.ts';
import type { AnswerMessage, ToldUrls } from '../protocol/messages.ts';
import { tunnelUrls } from './addressing.ts';
import { pieceOf } from './answer-piece.ts';
import { leaveTunnel } from './close-connection.ts';
import type { OpenTunnelDependencies } from './open-tunnel.ts';
import { openTunnel } from './open-tunnel.ts';
import type { Rendezvous } from './ports.ts';
import type { RequestIds } from './request-id.ts';
import { sessionOfConnection } from './request-id.ts';
import { answerIds } from './tunnel-ids.ts';

export interface ReceiveMessageDependencies extends OpenTunnelDependencies {
  readonly answers: Pick<Rendezvous, 'put'>;
  /** Asked for when an answer has come, since the key behind it may have to be read. */
  readonly requestIds: () => Promise<RequestIds>;
}

/** So long a waiting function's connection is tried before the table is used, in milliseconds. */
const PUSH_PATIENCE_MS = 3_000;

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
      return message.told && answerPing(connectionId, message.told, dependencies);
    case 'pong':
      return;
    case 'http_response':
    case 'response_part':
    case 'error':
    case 'accepted':
    case 'credit':
      return acceptAnswer(connectionId, message, text, dependencies);
    case 'leave':
      return letGo(connectionId, dependencies);
    case 'ids':
      return answerIds(connectionId, message, dependencies);
    case 'reply_ready':
      await dependencies.post(connectionId, encode({ type: 'reply_connection', connectionId }));
      return;
    case 'malformed':
      dependencies.log('warn', 'malformed message', { connectionId, field: message.field, problem: message.problem });
      return;
    case 'unknown':
      dependencies.log('warn', 'message of an unknown type', { connectionId, name: message.name.slice(0, 64) });
      return;
  }
}

/**
 * Passes an answer on to whoever waits for it, provided it comes from the session that was asked: to the connection that the request
 * has named, as it came; by the table where it has named none, or that one takes nothing.
 */
async function acceptAnswer(
  connectionId: string,
  message: AnswerMessage,
  text: string,
  { answers, requestIds, post, clock, log }: ReceiveMessageDependencies,
): Promise<void> {
  const { requestId, replyTo } = message;
  if (requestId === null) {
    log('warn', 'agent reports an error of no request', { connectionId });
    return;
  }
  const session = message.sessionId ?? sessionOfConnection(connectionId);
  const ids = await requestIds();
  if (!ids.belongs(requestId, session)) {
    log('warn', 'answer from a session that was not asked', { connectionId, requestId });
    return;
  }
  const waiting = replyTo === undefined ? undefined : ids.replyConnection(requestId, replyTo);
  if (replyTo !== undefined && waiting === undefined) {
    log('warn', 'answer for a connection that the request has not named', { connectionId, requestId });
    return;
  }
  const pushed = waiting !== undefined && (await post(waiting, text, clock.now() + PUSH_PATIENCE_MS)) === 'sent';
  if (!pushed) await answers.put(requestId, pieceOf(message));
  log('debug', 'answer received', { connectionId, requestId, type: message.type, pushed });
}

/**
 * A version 2 agent gets a `pong`, so that it notices a dead connection, and its URL where that has changed. The agent says
 * what it was told, so that a heartbeat costs no read of any table.
 */
async function answerPing(
  connectionId: string,
  { tunnelId, ...told }: ToldUrls,
  { post, address, log }: ReceiveMessageDependencies,
): Promise<void> {
  await post(connectionId, encode({ type: 'pong' }));
  if (!isTunnelId(tunnelId)) return;
  const urls = tunnelUrls(address, tunnelId);
  if (urls.publicUrl === told.publicUrl && urls.subdomainUrl === told.subdomainUrl) return;
  await post(connectionId, encode({ type: 'url_updated', ...urls }));
  log('info', 'public URL changed', { connectionId, tunnelId });
}

/** The agent is about to go: its tunnel gets it no more requests, and it may end what it has. */
async function letGo(connectionId: string, dependencies: ReceiveMessageDependencies): Promise<void> {
  const { connections, post, log } = dependencies;
  const tunnelId = (await connections.read(connectionId))?.attached?.tunnelId;
  if (tunnelId !== undefined) await leaveTunnel(tunnelId, connectionId, dependencies);
  await post(connectionId, encode({ type: 'left' }));
  log('info', 'agent leaves', { connectionId, tunnelId });
}
