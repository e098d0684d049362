import { isCompressible } from '../protocol/compressible.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { WINDOW_BYTES } from '../protocol/limits.ts';
import type { HttpRequest, RequestPart } from '../protocol/messages.ts';
import { splitRequest } from '../protocol/parts.ts';
import type { Address } from './addressing.ts';
import type { Answered } from './await-answer.ts';
import { awaitAnswer } from './await-answer.ts';
import type { Candidate } from './choose-session.ts';
import { goAwayFrom } from './close-connection.ts';
import { findSession } from './find-session.ts';
import { requestHeaders } from './forwarded-headers.ts';
import type { LargeResponses, Place } from './large-responses.ts';
import { DOWNLOAD_SECONDS, mayBeStored, redirectToStored, UPLOAD_GRACE_SECONDS } from './large-responses.ts';
import type { Failure, FailureCode } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type {
  Clock,
  Compression,
  Hashes,
  PostToConnection,
  PublicAddress,
  Rendezvous,
  TunnelSession,
  TunnelStore,
  VisitorRequest,
} from './ports.ts';
import { createRequestPosting } from './post-request.ts';
import { createPursuit } from './pursue-answer.ts';
import type { RequestIds } from './request-id.ts';

export interface ExchangeDependencies {
  readonly tunnels: TunnelStore;
  readonly answers: Pick<Rendezvous, 'take'>;
  readonly post: PostToConnection;
  readonly requestIds: () => Promise<RequestIds>;
  readonly address: PublicAddress;
  readonly compression: Compression;
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
  /** Where the stack has a place for what no door can give back. */
  readonly largeResponses?: (() => Promise<LargeResponses>) | undefined;
}

/** What the door a request came in by can wait for and carry. */
export interface Door {
  /** Epoch milliseconds by which the visitor must have an answer. */
  readonly deadline: number;
  /** The largest body that can be given back, in bytes. */
  readonly maxResponseBytes: number;
  /** The largest body that can be given back whatever is in it, in bytes: base64 costs a third. */
  readonly sureResponseBytes: number;
}

type TunnelAddress = Extract<Address, { kind: 'tunnel' }>;

export type Exchange = (Failure | Answered) & { readonly requestId?: string };

/** Methods that may be asked twice (RFC 9110 9.2.1), so that a request that may have arrived can go to another agent. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Failures after which the agent may still be working on an answer that nobody waits for. */
const GIVEN_UP: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'no_answer',
  'response_too_large',
  'agent_lost',
  'upstream_failed',
]);

/** Below this a compressed request needs no message less: one is billed per started 32 KB, which is 24 KB before base64. */
const LEAST_COMPRESSED_REQUEST_BYTES = 24_000;

/** Hands a request to one of the tunnel's agents, to the next where one did not get it, and waits for the answer. */
export async function exchange(
  request: VisitorRequest,
  address: TunnelAddress,
  door: Door,
  dependencies: ExchangeDependencies,
): Promise<Exchange> {
  const avoided = new Set<string>();
  let last: Failure | undefined;
  for (;;) {
    const found = await findSession(address.tunnelId, request.sourceIp, avoided, door.deadline, dependencies);
    if (found.kind === 'failure') return last ?? found;
    const result = await ask(found.candidate, request, address, door, dependencies);
    if (result.kind !== 'undelivered') return result;
    avoided.add(found.candidate.session.connectionId);
    last = result.failure;
  }
}

/** The agent does not have the request, or may have it and it does no harm. */
interface Undelivered {
  readonly kind: 'undelivered';
  /** What the visitor is told when there is no other agent; absent for its being offline. */
  readonly failure?: Failure;
}

async function ask(
  { sessionId, session }: Candidate,
  request: VisitorRequest,
  address: TunnelAddress,
  door: Door,
  dependencies: ExchangeDependencies,
): Promise<Exchange | Undelivered> {
  const { post, clock, hashes } = dependencies;
  const place = await placeFor(session, request, address, door, dependencies);
  const requestId = (await dependencies.requestIds()).issue(sessionId);
  const sha256 = (bytes: Uint8Array) => Buffer.from(hashes.sha256(bytes)).toString('base64url');
  const whole = toAgent(session, requestId, request, address, door, place, dependencies);
  const messages = messagesFor(session, whole, sha256);
  if (!messages) return failure('request_too_large', `protocol ${session.protocol}, ${request.body.length} bytes`);

  const posting = createRequestPosting(messages, session.connectionId, door.deadline, post);
  const posted = await posting.advance();
  if (posted === 'gone') {
    await goAwayFrom(address.tunnelId, session.connectionId, dependencies);
    return { kind: 'undelivered' };
  }
  const { tunnelId } = address;
  const exchanged = { tunnelId, sessionId, session, requestId, posting, deadline: door.deadline };
  const pursuit = createPursuit(exchanged, dependencies);
  if (posted === 'failed') {
    await pursuit.cancel();
    const unreachable = failure('agent_unreachable', 'the Management API did not take the message');
    return SAFE_METHODS.has(request.method) ? { kind: 'undelivered', failure: unreachable } : unreachable;
  }
  const { deadline, maxResponseBytes: maxBodyBytes } = door;
  const asked = { requestId, deadline, maxBodyBytes };
  const answer = await awaitAnswer(asked, pursuit, { ...dependencies, sha256, clock }).catch(async (error: unknown) => {
    await pursuit.cancel();
    throw error;
  });
  if (answer.kind === 'failure' && GIVEN_UP.has(answer.code)) await pursuit.cancel();
  return { ...(await redirected(answer, place, dependencies)), requestId };
}

async function placeFor(
  { protocol }: TunnelSession,
  request: VisitorRequest,
  { tunnelId }: TunnelAddress,
  { deadline }: Door,
  { largeResponses, clock }: ExchangeDependencies,
): Promise<Place | undefined> {
  if (!largeResponses || protocol === 1 || !mayBeStored(request)) return undefined;
  const expiresInS = Math.ceil(Math.max(0, deadline - clock.now()) / 1_000) + UPLOAD_GRACE_SECONDS;
  return (await largeResponses()).place(tunnelId, expiresInS);
}

/** An answer whose body lies elsewhere becomes the way there. */
async function redirected(
  answer: Answered | Failure,
  place: Place | undefined,
  { largeResponses }: ExchangeDependencies,
): Promise<Answered | Failure> {
  if (answer.kind === 'failure' || answer.storedBytes === undefined) return answer;
  if (!place || !largeResponses) return failure('upstream_failed', 'the agent put a body where nobody told it to');
  const url = await (await largeResponses()).downloadUrl(place.key, DOWNLOAD_SECONDS);
  const response = redirectToStored(answer.response, url);
  return response
    ? { kind: 'answered', response }
    : failure('upstream_failed', `the body of a ${answer.response.status} was put elsewhere`);
}

function toAgent(
  { protocol }: TunnelSession,
  requestId: string,
  request: VisitorRequest,
  { uri, prefix }: TunnelAddress,
  door: Door,
  place: Place | undefined,
  { address, clock, compression }: ExchangeDependencies,
): HttpRequest {
  const now = clock.now();
  const headers = requestHeaders(request, prefix, address);
  const whole: HttpRequest = {
    type: 'http_request',
    requestId,
    method: request.method,
    uri,
    headers,
    body: request.body,
    timestamp: Math.round(now),
    more: false,
  };
  if (protocol === 1) return whole;
  const extended = {
    ...whole,
    timeoutMs: Math.max(0, Math.round(door.deadline - now)),
    maxResponseBytes: place ? door.sureResponseBytes : door.maxResponseBytes,
    windowBytes: WINDOW_BYTES,
    ...(place && { uploadUrl: place.uploadUrl }),
  };
  if (request.body.length < LEAST_COMPRESSED_REQUEST_BYTES || !isCompressible(headers)) return extended;
  const compressed = compression.compress(request.body);
  return compressed.length < request.body.length ? { ...extended, body: compressed, encoding: 'br' } : extended;
}

/** A version 1 agent takes whole requests alone; undefined when this one does not fit a message. */
function messagesFor(
  { protocol }: TunnelSession,
  request: HttpRequest,
  sha256: (bytes: Uint8Array) => string,
): readonly (HttpRequest | RequestPart)[] | undefined {
  const messages = splitRequest(request, sha256);
  return protocol === 1 && messages && messages.length > 1 ? undefined : messages;
}
