import { WINDOW_BYTES } from '../../src/protocol/limits.ts';
import type { Accepted, Again, Cancel, Credit, HttpRequest, RequestPart } from '../../src/protocol/messages.ts';
import type { Forward, Upload } from '../forward.ts';
import { expandBody } from './body-encoding.ts';
import type { Clock } from './clock.ts';
import type { Report } from './events.ts';
import { type ExchangePorts, type ExchangeReport, runExchange } from './exchange.ts';
import { createKeptAnswers, ERROR_PART, type SaidMessage } from './kept-answers.ts';
import { addressed, createReplyAddresses, readdressed } from './reply-addresses.ts';
import { createRequestJoiner, type Joined, LARGEST_REQUEST_BYTES } from './request-joiner.ts';
import { createSeenRequests } from './seen-requests.ts';
import { createWindow, type Window } from './window.ts';

export interface ExchangesOptions {
  readonly forward: Forward;
  readonly upload?: Upload;
  readonly deliver: (text: string) => Promise<boolean>;
  /** What the edge of the present connection speaks. */
  readonly protocol: () => 1 | 2;
  readonly sessionId: string;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly report: Report;
}

/** All exchanges of a session, across its connections. */
export interface Exchanges {
  receive(message: HttpRequest | RequestPart | Cancel | Credit | Again): void;
  /** A message of ours has failed at the edge, and nobody knows which: what was said lately is said again, once. */
  repeatLatest(): void;
  /** Turns further requests away, and waits for those in flight. */
  drain(): Promise<void>;
  /** Cancels what is in flight and forgets what is incomplete. */
  close(): void;
}

/** The edge's ids have 36 characters; one that fills a message leaves no room for an answer. */
const LONGEST_ID = 64;

const NOT_WHOLE = 'the request did not arrive whole: ';

/** What a gateway reports as failed was sent at most so long ago, in milliseconds. */
const LATEST_MS = 3_000;

/** So long after its door's time an exchange is ended whose `cancel` was lost, in milliseconds. */
const OUTLIVED_MS = 5_000;

interface Running {
  readonly cancel: AbortController;
  readonly window: Window;
  readonly accept: () => void;
  /** Parts of the answer that were said so far, the head among them. */
  readonly said: () => number;
}

export function createExchanges(options: ExchangesOptions): Exchanges {
  const { clock, report, sessionId, requestTimeoutMs } = options;
  const upload = options.upload && { upload: options.upload };
  const seen = createSeenRequests();
  /** Cancelled, or heard whole: what still comes of these was under way. */
  const over = createSeenRequests();
  const joiner = createRequestJoiner(clock);
  const kept = createKeptAnswers(clock);
  const replies = createReplyAddresses();
  const running = new Map<string, Running>();
  let draining = false;
  /** What had begun to come when the draining began: it is answered too. */
  let promised: ReadonlySet<string> = new Set();
  let wake = () => {};

  /** A request may overtake `connection_established`; what a version 1 edge never says tells it as well. */
  function spokenBy({ timeoutMs }: HttpRequest): 1 | 2 {
    return timeoutMs === undefined ? options.protocol() : 2;
  }

  async function start(whole: HttpRequest): Promise<void> {
    const { requestId } = whole;
    const cancel = new AbortController();
    const window = createWindow(whole.windowBytes ?? Number.POSITIVE_INFINITY);
    const bounded = (whole.windowBytes ?? Number.POSITIVE_INFINITY) <= WINDOW_BYTES;
    const accept = () => say({ type: 'accepted', requestId, sessionId });
    let said = 0;
    const ports: ExchangePorts = {
      clock,
      sessionId,
      requestTimeoutMs,
      forward: draining && !promised.has(requestId) ? turnAway : options.forward,
      cancelled: cancel.signal,
      protocol: spokenBy(whole),
      window,
      accept,
      replyTo: () => replies.of(requestId),
      deliver(text, part, endBytes) {
        if (part !== ERROR_PART) said = part + 1;
        if (ports.protocol === 2) kept.keep({ requestId, part, endBytes, text, replyTo: replies.of(requestId) });
        return options.deliver(text);
      },
      ...upload,
    };
    replies.hold(requestId);
    if (bounded) kept.hold(requestId);
    running.set(requestId, { cancel, window, accept, said: () => said });
    const outlived = whole.timeoutMs === undefined ? undefined : whole.timeoutMs + OUTLIVED_MS;
    const disarm = outlived === undefined ? () => {} : clock.after(outlived, () => cancel.abort());
    const request = whole.encoding ? await expand(whole) : whole;
    if (request) finish(request, await runExchange(request, ports));
    disarm();
    running.delete(requestId);
    kept.release(requestId);
    replies.release(requestId);
    wake();
  }

  /** @returns undefined for a body that cannot be expanded, which is said */
  async function expand(request: HttpRequest): Promise<HttpRequest | undefined> {
    const body = await expandBody(request.body, LARGEST_REQUEST_BYTES);
    if (body) return { ...request, body };
    reject(request.requestId, `${NOT_WHOLE}its body cannot be expanded`);
    return undefined;
  }

  function finish({ requestId: id, method, uri: path }: HttpRequest, result: ExchangeReport): void {
    const { status, ms, bytes, failure } = result;
    report({ event: 'request', id, method, path, status, ms, bytes });
    if (failure) report({ event: 'error', ...failure });
  }

  function advance(joined: Joined): void {
    switch (joined.kind) {
      case 'waiting':
        if (joined.grantedBytes === undefined) break;
        say({ type: 'credit', requestId: joined.requestId, bytes: joined.grantedBytes, sessionId });
        break;
      case 'whole':
        seen.add(joined.request.requestId);
        void start(joined.request);
        break;
      case 'hopeless':
        reject(joined.requestId, `${NOT_WHOLE}${joined.why}`);
    }
  }

  /** Only version 2 edges send parts, so this speaks version 2. */
  function reject(requestId: string, message: string): void {
    wake();
    seen.add(requestId);
    const replyTo = replies.of(requestId);
    const text = addressed({ type: 'error', requestId, code: 'upstream_failed', message, sessionId }, replyTo);
    kept.keep({ requestId, part: ERROR_PART, endBytes: 0, text, replyTo });
    void options.deliver(text);
    report({ event: 'error', code: 'upstream_failed', message });
  }

  function cancel(requestId: string): void {
    seen.add(requestId);
    over.add(requestId);
    joiner.forget(requestId);
    running.get(requestId)?.cancel.abort();
    wake();
  }

  /** The edge has the answer. */
  function heard(requestId: string): void {
    over.add(requestId);
    kept.forget(requestId);
    replies.set(requestId, undefined);
  }

  /** The edge has not heard what it should have: says what was said already, or that there is nothing to say yet. */
  function repeat(requestId: string, from: number, there: readonly number[]): void {
    if (over.has(requestId)) return;
    const at = running.get(requestId);
    const unsaid = at !== undefined && from >= at.said();
    if (unsaid || kept.holds(requestId, from)) {
      const missing = kept.missing(requestId, from, there);
      for (const said of missing) sayAgain(said);
      if (missing.length === 0) at?.accept();
    } else {
      at?.cancel.abort();
      reject(requestId, 'its answer is not kept any more');
    }
  }

  function credit({ requestId, bytes }: Credit | Again): void {
    running.get(requestId)?.window.grant(bytes);
    kept.confirm(requestId, bytes - WINDOW_BYTES);
  }

  function say(message: Accepted | Credit): void {
    void options.deliver(addressed(message, replies.of(message.requestId)));
  }

  /** To where the edge wants it by now. */
  function sayAgain({ requestId, text, replyTo: before }: SaidMessage): void {
    const replyTo = replies.of(requestId);
    void options.deliver(replyTo === before ? text : readdressed(text, replyTo));
  }

  function receive(message: HttpRequest | RequestPart | Cancel | Credit | Again): void {
    const { requestId } = message;
    // What runs for minutes may be forgotten among those that were seen.
    const known = seen.has(requestId) || running.has(requestId);
    switch (message.type) {
      case 'cancel':
        cancel(requestId);
        break;
      case 'credit':
        credit(message);
        break;
      case 'again':
        replies.set(requestId, message.replyTo);
        credit(message);
        repeat(requestId, message.from, message.seen);
        break;
      case 'http_request':
        replies.set(requestId, message.replyTo);
        if (message.heard !== undefined) heard(message.heard);
        if (!known) advance(joiner.head(message));
        // A version 1 edge asks for nothing again: what comes twice was delivered twice (MG-13).
        else if (spokenBy(message) === 2) repeat(requestId, 0, []);
        break;
      case 'request_part':
        if (!known) advance(joiner.part(message));
    }
  }

  return {
    receive(message) {
      if (message.requestId.length <= LONGEST_ID) receive(message);
      else report({ event: 'note', message: 'a request with an id of undue length was passed over' });
    },
    repeatLatest() {
      for (const said of kept.takeLatest(LATEST_MS)) sayAgain(said);
    },
    async drain() {
      draining = true;
      promised = new Set(joiner.incomplete());
      while (running.size > 0 || joiner.incomplete().some((requestId) => promised.has(requestId))) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close() {
      joiner.close();
      for (const { cancel } of running.values()) cancel.abort();
    },
  };
}

const turnAway: Forward = async () => ({
  kind: 'failed',
  code: 'agent_leaving',
  message: 'the agent is stopping',
});
