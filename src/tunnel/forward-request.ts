import { encode } from '../protocol/codec.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import type { EdgeMessage, HttpRequest } from '../protocol/messages.ts';
import { splitRequest } from '../protocol/parts.ts';
import type { Address } from './addressing.ts';
import { addressOf } from './addressing.ts';
import { awaitAnswer } from './await-answer.ts';
import { livingSessions } from './claim.ts';
import { leaveTunnel } from './close-connection.ts';
import { failureResponse } from './failure-page.ts';
import { requestHeaders } from './forwarded-headers.ts';
import type { Failure, FailureCode } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type {
  Clock,
  ConnectionStore,
  Log,
  PostResult,
  PostToConnection,
  PublicAddress,
  Rendezvous,
  TunnelSession,
  TunnelStore,
  VisitorRequest,
  VisitorResponse,
} from './ports.ts';
import type { RequestIds } from './request-id.ts';
import { connectionStatus, tunnelStatus } from './status.ts';

export interface ForwardDependencies {
  readonly tunnels: TunnelStore;
  readonly connections: Pick<ConnectionStore, 'read' | 'ofTunnel'>;
  readonly answers: Pick<Rendezvous, 'take'>;
  readonly post: PostToConnection;
  readonly requestIds: () => Promise<RequestIds>;
  readonly address: PublicAddress;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the door a request came in by can wait for and carry. */
export interface Door {
  /** Epoch milliseconds by which the visitor must have an answer. */
  readonly deadline: number;
  /** The largest body that can be given back, in bytes. */
  readonly maxResponseBytes: number;
}

/** A part is 96,000 bytes: eight at once keep a post's round trip busy without filling a slow agent's buffer (MG-12). */
const POSTS_AT_ONCE = 8;

/** From a visitor's request to the visitor's response: the whole of what the edge is for. */
export async function forwardRequest(
  request: VisitorRequest,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<VisitorResponse> {
  const address = addressOf(request, dependencies.address);
  switch (address.kind) {
    case 'nowhere':
      return failureResponse('no_tunnel_in_url', request);
    case 'tunnel-status':
      return tunnelStatus(address.tunnelId, dependencies);
    case 'connection-status':
      return connectionStatus(address.connectionId, dependencies);
    case 'tunnel':
      return forwardToTunnel(request, address, door, dependencies);
  }
}

async function forwardToTunnel(
  request: VisitorRequest,
  address: Extract<Address, { kind: 'tunnel' }>,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<VisitorResponse> {
  const { clock, log } = dependencies;
  const began = clock.now();
  const path = address.uri.split('?', 1)[0];
  const outcome = await exchange(request, address, door, dependencies);
  const told = { tunnelId: address.tunnelId, requestId: outcome.requestId, method: request.method, path };
  if (outcome.kind === 'answered') {
    const { status, body } = outcome.response;
    log('info', 'forwarded', { ...told, status, bytes: body.length, ms: clock.now() - began });
    return outcome.response;
  }
  const { code, detail, requestId } = outcome;
  log('warn', 'not forwarded', { ...told, code, detail, ms: clock.now() - began });
  return failureResponse(code, request, requestId);
}

type Exchange = (Failure | { readonly kind: 'answered'; readonly response: VisitorResponse }) & {
  readonly requestId?: string;
};

async function exchange(
  request: VisitorRequest,
  address: Extract<Address, { kind: 'tunnel' }>,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<Exchange> {
  const delivered = await deliver(request, address, door, dependencies);
  if (delivered.kind === 'failure') return delivered;
  const { requestId, session } = delivered;
  const answer = await awaitAnswer(
    { requestId, deadline: door.deadline, maxBodyBytes: door.maxResponseBytes },
    dependencies,
  );
  if (answer.kind === 'failure' && GIVEN_UP.has(answer.code)) await cancel(session, requestId, dependencies);
  return { ...answer, requestId };
}

/** Tells an agent that understands it that nobody waits for this answer any more. */
async function cancel(
  { connectionId, protocol }: TunnelSession,
  requestId: string,
  { post }: Pick<ForwardDependencies, 'post'>,
): Promise<void> {
  if (protocol === 2) await post(connectionId, encode({ type: 'cancel', requestId }));
}

/** Failures after which the agent may still be working on an answer that nobody waits for. */
const GIVEN_UP: ReadonlySet<FailureCode> = new Set<FailureCode>(['no_answer', 'response_too_large']);

type Delivered = { readonly kind: 'delivered'; readonly requestId: string; readonly session: TunnelSession };

/** Hands the request to one of the tunnel's agents; a connection that is gone is passed over for the next. */
async function deliver(
  request: VisitorRequest,
  { tunnelId, uri, prefix }: Extract<Address, { kind: 'tunnel' }>,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<Delivered | Failure> {
  const { tunnels, clock, address, randomBytes, requestIds } = dependencies;
  const now = clock.now();
  const tunnel = await tunnels.read(tunnelId);
  if (!tunnel || tunnel.expiresAt * 1000 <= now) return failure('tunnel_not_found');
  const sessions = shuffled(Object.entries(livingSessions(tunnel, Math.floor(now / 1000))), randomBytes);
  for (const [sessionId, session] of sessions) {
    const requestId = (await requestIds()).issue(sessionId);
    const messages = messagesFor(session, {
      type: 'http_request',
      requestId,
      method: request.method,
      uri,
      headers: requestHeaders(request, prefix, address),
      body: request.body,
      timestamp: now,
      more: false,
      ...(session.protocol === 2 && { timeoutMs: door.deadline - now, maxResponseBytes: door.maxResponseBytes }),
    });
    if (!messages) return failure('request_too_large', `protocol ${session.protocol}, ${request.body.length} bytes`);
    const result = await postAll(session.connectionId, messages, dependencies);
    if (result === 'sent') return { kind: 'delivered', requestId, session };
    if (result === 'failed') {
      await cancel(session, requestId, dependencies);
      return failure('agent_unreachable', 'the Management API refused the message');
    }
    await leaveTunnel(tunnelId, session.connectionId, dependencies);
  }
  return failure('agent_offline');
}

/** A version 1 agent takes whole requests alone; undefined when this one does not fit a message. */
function messagesFor({ protocol }: TunnelSession, request: HttpRequest): readonly EdgeMessage[] | undefined {
  const messages = splitRequest(request);
  return protocol === 1 && messages && messages.length > 1 ? undefined : messages;
}

async function postAll(
  connectionId: string,
  messages: readonly EdgeMessage[],
  { post }: Pick<ForwardDependencies, 'post'>,
): Promise<PostResult> {
  for (let at = 0; at < messages.length; at += POSTS_AT_ONCE) {
    const batch = messages.slice(at, at + POSTS_AT_ONCE);
    const results = await Promise.all(batch.map((message) => post(connectionId, encode(message))));
    const failed = results.find((result) => result !== 'sent');
    if (failed) return failed;
  }
  return 'sent';
}

/** Requests spread over a tunnel's agents by chance. */
function shuffled<Item>(items: Item[], randomBytes: RandomBytes): Item[] {
  if (items.length < 2) return items;
  const order = randomBytes(items.length);
  return items
    .map((item, at) => ({ item, weight: order[at] ?? 0 }))
    .sort((a, b) => a.weight - b.weight)
    .map(({ item }) => item);
}
