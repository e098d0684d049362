import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { ForwardRequest } from '../../../agent/forward.ts';
import type { AgentEvent } from '../../../agent/session/events.ts';
import { createExchanges } from '../../../agent/session/exchanges.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import { ACCEPT_AFTER_MS, PART_BYTES, WINDOW_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HttpRequest, RequestPart } from '../../../src/protocol/messages.ts';
import { splitRequest } from '../../../src/protocol/parts.ts';
import { SESSION } from '../support/exchange-run.ts';
import { createManualClock } from '../support/manual-clock.ts';

const REQUEST: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'POST',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
  timeoutMs: 28_000,
  windowBytes: WINDOW_BYTES,
};
const { requestId } = REQUEST;
const WINDOW_PARTS = WINDOW_BYTES / PART_BYTES;

/** Lets run what waits for nothing but its turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An upstream that gives its answer's body piece by piece, as the test says. */
function start() {
  const said: AgentMessage[] = [];
  const events: AgentEvent[] = [];
  const asked: ForwardRequest[] = [];
  const aborted: string[] = [];
  const clock = createManualClock();
  let body: { bytes: Uint8Array; ends: boolean }[] = [];
  const wakes = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of wakes) wake();
    wakes.clear();
  };
  async function* pieces(signal: AbortSignal) {
    signal.addEventListener('abort', wakeAll);
    for (;;) {
      signal.throwIfAborted();
      const piece = body.shift();
      if (piece) yield piece.bytes;
      if (piece?.ends) return;
      if (body.length === 0) {
        await new Promise<void>((resolve) => {
          wakes.add(resolve);
        });
      }
    }
  }
  const exchanges = createExchanges({
    async forward(request, signal) {
      asked.push(request);
      signal.addEventListener('abort', () => aborted.push(request.uri));
      return { kind: 'answered', status: 200, headers: [], body: pieces(signal) };
    },
    async deliver(text) {
      said.push(decodeAgentMessage(text) as AgentMessage);
      return true;
    },
    protocol: () => 2,
    sessionId: SESSION,
    requestTimeoutMs: 25_000,
    clock,
    report: (event) => events.push(event),
  });
  return {
    exchanges,
    asked,
    aborted,
    clock,
    events,
    /** The upstream gives more of its answer. */
    async give(bytes: number, ends = false) {
      body = [...body, { bytes: Buffer.alloc(bytes, 7), ends }];
      wakeAll();
      await settle();
    },
    /** What was said since the last time: types, and numbers of parts. */
    async heard() {
      await settle();
      return said.splice(0).map((message) => {
        if (message.type === 'response_part') return message.part;
        return message.type === 'credit' ? `credit ${message.bytes / PART_BYTES}` : message.type;
      });
    },
    async errors() {
      await settle();
      return said.splice(0).flatMap((message) => (message.type === 'error' ? [message.message] : []));
    },
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('exchanges, where messages are lost or come twice', () => {
  it('say of an answer that is still on its way what was said so far', async () => {
    const { exchanges, give, heard } = start();
    exchanges.receive(REQUEST);
    await give(PART_BYTES * 4 + 1);
    expect(await heard()).to.deep.equal(['http_response', 1, 2, 3]);
    exchanges.receive({ type: 'again', requestId, from: 2, seen: [3], bytes: WINDOW_BYTES });
    expect(await heard()).to.deep.equal([2]);
    exchanges.receive(REQUEST);
    expect(await heard(), 'the whole request again').to.deep.equal(['http_response', 1, 2, 3]);
    await give(5, true);
    expect(await heard()).to.deep.equal([4]);
  });

  it('take a question for a credit as well, which may have been lost', async () => {
    const { exchanges, give, heard } = start();
    exchanges.receive(REQUEST);
    await give(PART_BYTES * 40, true);
    expect(await heard()).to.deep.equal(['http_response', ...numbers(1, WINDOW_PARTS - 1)]);
    exchanges.receive({ type: 'again', requestId, from: 20, seen: [], bytes: WINDOW_BYTES + PART_BYTES * 2 });
    expect(await heard()).to.deep.equal([20, 21, 22]);
  });

  it('are not harmed by a question that was answered long ago', async () => {
    const { exchanges, give, heard, events } = start();
    exchanges.receive(REQUEST);
    await give(PART_BYTES * 11 + 1);
    expect(await heard()).to.have.length(11);
    exchanges.receive({ type: 'credit', requestId, bytes: WINDOW_BYTES + PART_BYTES * 11 });
    exchanges.receive({ type: 'again', requestId, from: 3, seen: numbers(4, 9), bytes: WINDOW_BYTES });
    const between = await heard();
    expect(between.filter((what) => what !== 'accepted')).to.deep.equal([]);
    await give(PART_BYTES - 1, true);
    expect(await heard()).to.deep.equal([11]);
    expect(events).to.have.length(1);
    expect(events[0]).to.include({ event: 'request', status: 200 });
  });

  it('say an error once the missing part is kept no more, also while the answer goes on', async () => {
    const { exchanges, give, heard, errors, clock, aborted } = start();
    exchanges.receive({ ...REQUEST, windowBytes: 400 * PART_BYTES, timeoutMs: 900_000 });
    await give(PART_BYTES * 2);
    clock.advance(60_000);
    await give(PART_BYTES);
    await heard();
    exchanges.receive({ type: 'again', requestId, from: 1, seen: [], bytes: 0 });
    expect(await errors()).to.deep.equal(['its answer is not kept any more']);
    expect(aborted).to.deep.equal(['/']);
  });

  it('are silent about what was cancelled, whatever comes after that', async () => {
    const { exchanges, asked, aborted, heard, events } = start();
    exchanges.receive(REQUEST);
    await settle();
    exchanges.receive({ type: 'cancel', requestId });
    await settle();
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: 0 });
    exchanges.receive({ type: 'credit', requestId, bytes: 1 });
    exchanges.receive({ type: 'cancel', requestId: 'early' });
    exchanges.receive({ ...REQUEST, requestId: 'early' });
    expect(await heard()).to.deep.equal([]);
    expect(asked).to.have.length(1);
    expect(aborted).to.deep.equal(['/']);
    expect(events.map(({ event }) => event)).to.deep.equal(['request']);
  });

  it('forget an upload that was cancelled', async () => {
    const { exchanges, asked, heard, clock } = start();
    const [head, ...parts] = upload(PART_BYTES * 3);
    exchanges.receive(head);
    exchanges.receive({ type: 'cancel', requestId });
    for (const part of parts) exchanges.receive(part);
    expect(await heard()).to.deep.equal([]);
    expect(asked).to.deep.equal([]);
    expect(clock.pending()).to.equal(0);
  });

  it('say each message once more and no more, however often the gateway says that one has failed (WS-34)', async () => {
    const { exchanges, give, heard } = start();
    exchanges.receive(REQUEST);
    await give(PART_BYTES * 3 + 1);
    await heard();
    for (let time = 0; time < 5; time += 1) exchanges.repeatLatest();
    expect(await heard()).to.deep.equal(['http_response', 1, 2]);
  });

  it('say in the end why a request did not come whole', async () => {
    const { exchanges, errors, events } = start();
    const [head, ...parts] = upload(PART_BYTES * 2);
    exchanges.receive(head);
    for (const part of parts) exchanges.receive({ ...part, ...(part.sha256 && { sha256: 'x'.repeat(43) }) });
    const [error] = await errors();
    expect(error).to.match(/^the request did not arrive whole: its parts do not fit together/);
    expect(events).to.deep.equal([{ event: 'error', code: 'upstream_failed', message: error }]);
    exchanges.receive(head);
    expect(await errors(), 'said again').to.deep.equal([error]);
  });

  it('pass over an id of undue length', async () => {
    const { exchanges, asked, heard, events } = start();
    exchanges.receive({ ...REQUEST, requestId: 'x'.repeat(65) });
    expect(await heard()).to.deep.equal([]);
    expect(asked).to.deep.equal([]);
    expect(events.map(({ event }) => event)).to.deep.equal(['note']);
  });

  it('say that a request is here, where its answer takes a while, and once', async () => {
    const { exchanges, clock, heard, give } = start();
    exchanges.receive(REQUEST);
    await settle();
    clock.advance(ACCEPT_AFTER_MS - 1);
    expect(await heard()).to.deep.equal([]);
    clock.advance(10_000);
    expect(await heard()).to.deep.equal(['accepted']);
    await give(1, true);
    expect(await heard()).to.deep.equal(['http_response']);
  });

  it('abort all that runs when they are closed', async () => {
    const { exchanges, aborted, clock } = start();
    exchanges.receive(REQUEST);
    exchanges.receive({ ...REQUEST, requestId: 'b', uri: '/b' });
    exchanges.receive({ type: 'request_part', requestId: 'c', part: 1, body: Buffer.from('c') });
    await settle();
    exchanges.close();
    await settle();
    expect(aborted).to.deep.equal(['/', '/b']);
    expect(clock.pending()).to.equal(0);
  });
});

describe('exchanges that take a long request', () => {
  it('give credit when half a window is left, and so that the edge never stands still', async () => {
    const { exchanges, heard, asked } = start();
    const [head, ...parts] = upload(PART_BYTES * 46);
    exchanges.receive(head);
    const credits: [number, unknown][] = [];
    for (const part of parts) {
      exchanges.receive(part);
      for (const credit of await heard()) credits.push([part.part, credit]);
    }
    expect(credits.map(([part]) => part)).to.deep.equal([10, 21, 32, 43]);
    // The head's own part may be a little smaller than the others.
    const granted = credits.map(([, credit]) => Math.ceil(Number(String(credit).slice('credit '.length))));
    expect(granted).to.deep.equal([11, 22, 33, 44].map((there) => there + WINDOW_PARTS));
    expect(asked).to.have.length(1);
  });

  it('give none beyond a gap', async () => {
    const { exchanges, heard } = start();
    const [head, first, ...parts] = upload(PART_BYTES * 21);
    exchanges.receive(head);
    for (const part of parts.slice(0, -1)) exchanges.receive(part);
    expect(await heard()).to.deep.equal([]);
    if (first) exchanges.receive(first);
    expect(await heard()).to.have.length(1);
  });

  it('give it once more where the edge begins anew, for it may have been lost', async () => {
    const { exchanges, heard } = start();
    const [head, ...parts] = upload(PART_BYTES * 30);
    exchanges.receive(head);
    expect(await heard()).to.deep.equal([]);
    exchanges.receive(head);
    expect(await heard(), 'there was none').to.deep.equal([]);
    for (const part of parts.slice(0, 12)) exchanges.receive(part);
    const credit = await heard();
    expect(credit).to.have.length(1);
    exchanges.receive(head);
    expect(await heard()).to.deep.equal(credit);
  });
});

function upload(bytes: number): [HttpRequest, ...RequestPart[]] {
  const sha256 = (whole: Uint8Array) => createHash('sha256').update(whole).digest('base64url');
  const messages = splitRequest({ ...REQUEST, body: Buffer.alloc(bytes, 3) }, sha256) ?? [];
  return messages as [HttpRequest, ...RequestPart[]];
}
