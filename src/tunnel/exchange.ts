import { isCompressible } from '../protocol/compressible.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { WINDOW_BYTES } from '../protocol/limits.ts';
import type { HttpRequest, RequestPart } from '../protocol/messages.ts';
import type { Sha256 } from '../protocol/parts.ts';
import { splitRequest } from '../protocol/parts.ts';
import type { Address } from './addressing.ts';
import { awaitAnswer } from './await-answer.ts';
import type { Candidate } from './choose-session.ts';
import { goAwayFrom } from './close-connection.ts';
import { findSession } from './find-session.ts';
import { requestHeaders } from './forwarded-headers.ts';
import type { HeardAnswers } from './heard-answers.ts';
import type { Hearing } from './hearing.ts';
import { createHearing } from './hearing.ts';
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
  ReplySocket,
  StreamedResponse,
  TunnelSession,
  VisitorRequest,
  VisitorResponse,
} from './ports.ts';
import { createRequestPosting } from './post-request.ts';
import type { WholePursuit } from './pursue-answer.ts';
import { createPursuit } from './pursue-answer.ts';
import type { RecentTunnels } from './recent-tunnels.ts';
import type { RequestIds } from './request-id.ts';
import { createStreamedAnswer } from './streamed-answer.ts';
import type { WholeAnswer } from './whole-answer.ts';
import { createWholeAnswer } from './whole-answer.ts';

export interface ExchangeDependencies {
  readonly tunnels: RecentTunnels;
  readonly answers: Pick<Rendezvous, 'take'>;
  readonly heard: HeardAnswers;
  /** By which answers are pushed; absent where all come by the table. */
  readonly replies?: ReplySocket | undefined;
  readonly post: PostToConnection;
  readonly requestIds: () => Promise<RequestIds>;
  readonly address: PublicAddress;
  readonly compression: Compression;
  readonly hashes: Pick<Hashes, 'sha256' | 'hasher'>;
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
  /** It passes a body on as it comes. */
  readonly streaming?: true;
}

type TunnelAddress = Extract<Address, { kind: 'tunnel' }>;

interface Answered {
  readonly kind: 'answered';
  readonly response: VisitorResponse | StreamedResponse;
}

/** What the edge itself sees of where the time goes, in milliseconds. */
export interface Hops {
  /** Until an agent was found. */
  readonly route: number;
  /** Until the Management API had the request. */
  readonly post: number;
  /** Until the answer was there, or its head where it streams. */
  readonly answer: number;
}

export type Exchange = (Failure | Answered) & { readonly requestId?: string; readonly hops?: Hops };

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

/** The most that is waited in silence before somebody looks after it again, in milliseconds: a stream may be quiet. */
const LONGEST_PATIENCE_MS = 5_000;
const LONGEST_STREAM_PATIENCE_MS = 30_000;

/** How long a stream waits for its function's own connection to be there, in milliseconds: polling all its life is dearer. */
const OPENING_MS = 1_500;

/** Hands a request to one of the tunnel's agents, to the next where one did not get it, and waits for the answer. */
export async function exchange(
  request: VisitorRequest,
  address: TunnelAddress,
  door: Door,
  dependencies: ExchangeDependencies,
): Promise<Exchange> {
  const avoided = new Set<string>();
  let last: Failure | undefined;
  const { clock } = dependencies;
  for (;;) {
    const began = clock.now();
    const found = await findSession(address.tunnelId, request.sourceIp, avoided, door.deadline, dependencies);
    if (found.kind === 'failure') return last ?? found;
    const routed = clock.now();
    const result = await ask(found.candidate, request, address, door, dependencies);
    if (result.kind !== 'undelivered') {
      const { postedAt = routed, ...ended } = result;
      return { ...ended, hops: { route: routed - began, post: postedAt - routed, answer: clock.now() - postedAt } };
    }
    dependencies.tunnels.forget(address.tunnelId);
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
): Promise<(Exchange & { readonly postedAt?: number }) | Undelivered> {
  const { post, hashes } = dependencies;
  const place = await placeFor(session, request, address, door, dependencies);
  const ids = await dependencies.requestIds();
  const requestId = ids.issue(sessionId);
  if (door.streaming && session.protocol === 2) await dependencies.replies?.opened(OPENING_MS);
  const hearing = createHearing(requestId, session.protocol === 2, ids, dependencies);
  const sha256 = (bytes: Uint8Array) => Buffer.from(hashes.sha256(bytes)).toString('base64url');
  const telling = { replyTo: hearing.replyTo(), heard: dependencies.heard.take(sessionId) };
  const whole = toAgent(session, requestId, request, address, door, place, telling, dependencies);
  const messages = messagesFor(session, whole, sha256);
  if (!messages) return failure('request_too_large', `protocol ${session.protocol}, ${request.body.length} bytes`);

  const { tunnelId } = address;
  const { deadline, streaming = false } = door;
  const posting = createRequestPosting(messages, session.connectionId, deadline, post);
  const exchanged = { tunnelId, sessionId, session, requestId, posting, hearing, streaming, deadline };
  const pursuit = createPursuit(exchanged, dependencies);
  let closing = true;
  try {
    const posted = await posting.advance();
    if (posted === 'gone') {
      await goAwayFrom(tunnelId, session.connectionId, dependencies);
      return { kind: 'undelivered' };
    }
    if (posted === 'failed') {
      await pursuit.cancel();
      const unreachable = failure('agent_unreachable', 'the Management API did not take the message');
      return SAFE_METHODS.has(request.method) ? { kind: 'undelivered', failure: unreachable } : unreachable;
    }
    const postedAt = dependencies.clock.now();
    const answer = streaming
      ? await beginAnswer(hearing, pursuit, door, dependencies)
      : await wholeAnswer(sha256, hearing, pursuit, door, dependencies);
    // It was turned away by an agent that leaves, which a remembered route may still name: nothing of it has run.
    if (answer.kind === 'failure' && answer.code === 'agent_offline') return { kind: 'undelivered' };
    closing = !('response' in answer && 'stream' in answer.response);
    return { ...(await redirected(answer, place, dependencies)), requestId, postedAt };
  } finally {
    if (closing) hearing.close();
  }
}

async function wholeAnswer(
  sha256: Sha256,
  hearing: Hearing,
  pursuit: WholePursuit,
  { deadline, maxResponseBytes }: Door,
  { clock, compression }: ExchangeDependencies,
): Promise<WholeAnswer | Failure> {
  const assembly = createWholeAnswer(maxResponseBytes, sha256, compression);
  const patience = { deadline, longestPatienceMs: LONGEST_PATIENCE_MS };
  const answer = await cancelled(awaitAnswer(assembly, hearing, pursuit, patience, clock), pursuit);
  if (answer.kind !== 'failure') pursuit.heard();
  else if (GIVEN_UP.has(answer.code)) await pursuit.cancel();
  return answer;
}

/** Waits for the answer's head; the rest comes with the body that is given back, which ends the exchange with its end. */
async function beginAnswer(
  hearing: Hearing,
  pursuit: WholePursuit,
  { deadline, maxResponseBytes }: Door,
  { clock, compression, hashes }: ExchangeDependencies,
): Promise<Answered | Failure> {
  const assembly = createStreamedAnswer(maxResponseBytes, hashes);
  const patience = { deadline, longestPatienceMs: LONGEST_STREAM_PATIENCE_MS };
  const ended = awaitAnswer(assembly, hearing, pursuit, patience, clock);
  // Whoever reads the body learns of it; before that nobody may.
  ended.catch(() => {});
  const begun = await cancelled(Promise.race([assembly.begun, ended]), pursuit);
  if (begun.kind === 'failure') {
    if (GIVEN_UP.has(begun.code)) await pursuit.cancel();
    return begun;
  }
  const { status, headers, encoding } = begun.kind === 'head' ? begun : await assembly.begun;

  async function* body(): AsyncGenerator<Uint8Array> {
    let whole = false;
    try {
      for (let bytes = await assembly.next(ended); bytes; bytes = await assembly.next(ended)) {
        yield bytes;
        await pursuit.progressed(assembly.progress());
      }
      const end = await ended;
      if (end.kind === 'failure') throw new Error(`${end.code}: ${end.detail ?? 'the answer broke off'}`);
      whole = true;
    } finally {
      hearing.close();
      if (whole) pursuit.heard();
      else await pursuit.cancel();
    }
  }

  const stream = encoding ? compression.expandStream(body(), maxResponseBytes) : body();
  return { kind: 'answered', response: { status, headers, stream } };
}

/** Whatever breaks here, the agent need not go on. */
async function cancelled<Value>(waiting: Promise<Value>, pursuit: Pick<WholePursuit, 'cancel'>): Promise<Value> {
  try {
    return await waiting;
  } catch (error) {
    await pursuit.cancel();
    throw error;
  }
}

async function placeFor(
  { protocol }: TunnelSession,
  request: VisitorRequest,
  { tunnelId }: TunnelAddress,
  { deadline, streaming }: Door,
  { largeResponses, clock }: ExchangeDependencies,
): Promise<Place | undefined> {
  if (!largeResponses || streaming || protocol === 1 || !mayBeStored(request)) return undefined;
  const expiresInS = Math.ceil(Math.max(0, deadline - clock.now()) / 1_000) + UPLOAD_GRACE_SECONDS;
  return (await largeResponses()).place(tunnelId, expiresInS);
}

/** An answer whose body lies elsewhere becomes the way there. */
async function redirected(
  answer: Answered | WholeAnswer | Failure,
  place: Place | undefined,
  { largeResponses }: ExchangeDependencies,
): Promise<Answered | Failure> {
  if (answer.kind === 'failure' || !('storedBytes' in answer)) return answer;
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
  { replyTo, heard }: { readonly replyTo: string | undefined; readonly heard: string | undefined },
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
    ...(replyTo !== undefined && { replyTo }),
    ...(heard !== undefined && { heard }),
    ...(door.streaming && { stream: true as const }),
  };
  if (request.body.length < LEAST_COMPRESSED_REQUEST_BYTES || !isCompressible(headers)) return extended;
  const compressed = compression.compress(request.body);
  return compressed.length < request.body.length ? { ...extended, body: compressed, encoding: 'br' } : extended;
}

/** A version 1 agent takes whole requests alone; undefined when this one does not fit a message. */
function messagesFor(
  { protocol }: TunnelSession,
  request: HttpRequest,
  sha256: Sha256,
): readonly [HttpRequest, ...RequestPart[]] | undefined {
  const messages = splitRequest(request, sha256);
  return protocol === 1 && messages && messages.length > 1 ? undefined : messages;
}
