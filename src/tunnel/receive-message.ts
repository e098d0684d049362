import { decodeAgentMessage, encode } from '../protocol/codec.ts';
import { isTunnelId } from '../protocol/ids.ts';
import type { AnswerMessage, ToldUrls } from '../protocol/messages.ts';
import { tunnelUrls } from './addressing.ts';
import { leaveTunnel } from './close-connection.ts';
import type { OpenTunnelDependencies } from './open-tunnel.ts';
import { openTunnel } from './open-tunnel.ts';
import type { AnswerPiece, Rendezvous } from './ports.ts';
import type { RequestIds } from './request-id.ts';
import { sessionOfConnection } from './request-id.ts';
import { answerIds } from './tunnel-ids.ts';

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
      return message.told && answerPing(connectionId, message.told, dependencies);
    case 'pong':
      return;
    case 'http_response':
    case 'response_part':
    case 'error':
    case 'accepted':
    case 'credit':
      return acceptAnswer(connectionId, message, dependencies);
    case 'leave':
      return letGo(connectionId, dependencies);
    case 'ids':
      return answerIds(connectionId, message, dependencies);
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
        ...(message.encoding && { encoding: message.encoding }),
        ...(message.storedBytes !== undefined && { storedBytes: message.storedBytes }),
      };
    case 'response_part':
      return {
        kind: 'part',
        part: message.part,
        body: message.body,
        ...(message.totalBytes !== undefined && { totalBytes: message.totalBytes }),
        ...(message.sha256 !== undefined && { sha256: message.sha256 }),
      };
    case 'accepted':
      return { kind: 'accepted' };
    case 'credit':
      return { kind: 'credit', bytes: message.bytes };
    case 'error':
      return { kind: 'error', code: message.code, message: message.message };
  }
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
