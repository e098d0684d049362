import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { createExchanges } from '../../../agent/session/exchanges.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import { ACCEPT_AFTER_MS, PART_BYTES, WINDOW_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HttpRequest } from '../../../src/protocol/messages.ts';
import { splitRequest } from '../../../src/protocol/parts.ts';
import { SESSION } from '../support/exchange-run.ts';
import { createManualClock } from '../support/manual-clock.ts';

const REQUEST: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'GET',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
  timeoutMs: 28_000,
  windowBytes: WINDOW_BYTES,
  replyTo: 'one',
};
const { requestId } = REQUEST;
const { replyTo: _one, ...UNADDRESSED } = REQUEST;
const QUESTION = { type: 'again', requestId, from: 0, seen: [], bytes: WINDOW_BYTES } as const;

/** Lets run what waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

function start() {
  const clock = createManualClock();
  const said: AgentMessage[] = [];
  const given: { bytes: number; ends: boolean }[] = [];
  let wake = () => {};
  async function* pieces(signal: AbortSignal) {
    signal.addEventListener('abort', () => wake());
    for (;;) {
      signal.throwIfAborted();
      const next = given.shift();
      if (next) yield Buffer.alloc(next.bytes, 7);
      if (next?.ends) return;
      if (given.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  const exchanges = createExchanges({
    forward: async (_request, signal) => ({ kind: 'answered', status: 200, headers: [], body: pieces(signal) }),
    async deliver(text) {
      said.push(decodeAgentMessage(text) as AgentMessage);
      return true;
    },
    protocol: () => 2,
    sessionId: SESSION,
    requestTimeoutMs: 25_000,
    clock,
    report: () => {},
  });
  return {
    exchanges,
    clock,
    async give(bytes: number, ends = false) {
      given.push({ bytes, ends });
      wake();
      await settle();
    },
    /** What was said since the last time, each with its address. */
    async heard() {
      await settle();
      return said.splice(0).map((message) => {
        const what = message.type === 'response_part' ? String(message.part) : message.type;
        return `${what} to ${('replyTo' in message && message.replyTo) || 'the table'}`;
      });
    },
  };
}

describe('exchanges, and where the edge wants their answers', () => {
  it('say so in every message, as the request did', async () => {
    const { exchanges, give, heard, clock } = start();
    exchanges.receive(REQUEST);
    await settle();
    clock.advance(ACCEPT_AFTER_MS);
    await give(PART_BYTES * 2 + 1, true);
    expect(await heard()).to.deep.equal(['accepted to one', 'http_response to one', '1 to one', '2 to one']);
    exchanges.receive({ ...UNADDRESSED, requestId: 'another' });
    await give(1, true);
    expect(await heard()).to.deep.equal(['http_response to the table']);
  });

  it('say credit and errors there too', async () => {
    const { exchanges, heard } = start();
    const body = Buffer.alloc(PART_BYTES * 13, 3);
    const [head, ...parts] = splitRequest({ ...REQUEST, body }, () => 'x') ?? [];
    if (head) exchanges.receive(head);
    for (const part of parts) exchanges.receive(part);
    expect(await heard()).to.deep.equal(['credit to one', 'error to one']);
  });

  it('say the rest where the edge wants it by now, and what is said again as well', async () => {
    const { exchanges, give, heard } = start();
    exchanges.receive(REQUEST);
    await give(PART_BYTES * 3);
    expect(await heard()).to.deep.equal(['http_response to one', '1 to one']);
    exchanges.receive({ ...QUESTION, from: 1, replyTo: 'two' });
    expect(await heard()).to.deep.equal(['1 to two']);
    await give(PART_BYTES);
    expect(await heard()).to.deep.equal(['2 to two']);
    exchanges.receive({ ...QUESTION, from: 2 });
    expect(await heard()).to.deep.equal(['2 to the table']);
    exchanges.receive({ ...REQUEST, replyTo: 'three' });
    expect(await heard()).to.deep.equal(['http_response to three', '1 to three', '2 to three']);
    exchanges.receive(UNADDRESSED);
    expect(await heard()).to.deep.equal(['http_response to the table', '1 to the table', '2 to the table']);
    await give(1, true);
    expect(await heard()).to.deep.equal(['3 to the table', '4 to the table']);
  });

  it('are the same bytes, wherever they go', async () => {
    const said: AgentMessage[] = [];
    const body = Buffer.alloc(PART_BYTES + 50, 9);
    const exchanges = createExchanges({
      forward: async () => ({
        kind: 'answered',
        status: 200,
        headers: [['x', 'é"']],
        body: (async function* () {
          yield body;
        })(),
      }),
      async deliver(text) {
        said.push(decodeAgentMessage(text) as AgentMessage);
        return true;
      },
      protocol: () => 2,
      sessionId: SESSION,
      requestTimeoutMs: 25_000,
      clock: createManualClock(),
      report: () => {},
    });
    exchanges.receive(REQUEST);
    await settle();
    const first = said.splice(0);
    exchanges.receive({ ...QUESTION, replyTo: 'two' });
    await settle();
    expect(said).to.deep.equal(first.map((message) => ({ ...message, replyTo: 'two' })));
  });

  it('remember it after the answer, for whoever asks again', async () => {
    const { exchanges, give, heard } = start();
    exchanges.receive(REQUEST);
    await give(5, true);
    await heard();
    exchanges.repeatLatest();
    expect(await heard()).to.deep.equal(['http_response to one']);
    exchanges.receive({ ...QUESTION, replyTo: 'two' });
    expect(await heard()).to.deep.equal(['http_response to two']);
    exchanges.receive(QUESTION);
    expect(await heard()).to.deep.equal(['http_response to the table']);
    exchanges.receive({ ...QUESTION, requestId: 'never', replyTo: 'three' });
    expect(await heard()).to.deep.equal(['error to three']);
  });

  it('take it from the head that came last, also before the request is whole', async () => {
    const { exchanges, give, heard } = start();
    const body = Buffer.alloc(PART_BYTES + 5, 3);
    const sha256 = () => createHash('sha256').update(body).digest('base64url');
    const [head, part] = splitRequest({ ...REQUEST, body }, sha256) ?? [];
    if (head?.type !== 'http_request' || !part) throw new Error('it fits one message');
    exchanges.receive(head);
    exchanges.receive({ ...head, replyTo: 'two' });
    exchanges.receive(part);
    await give(1, true);
    expect(await heard()).to.deep.equal(['http_response to two']);
  });
});

describe('exchanges of a door that waits for long', () => {
  const LONG: HttpRequest = { ...REQUEST, stream: true, timeoutMs: 900_000, maxResponseBytes: 200_000_000 };

  it('keep what is not confirmed for as long as they run, and drop what is', async () => {
    const { exchanges, give, heard, clock } = start();
    exchanges.receive(LONG);
    await settle();
    await give(PART_BYTES * 3 + 1);
    clock.advance(15);
    expect(await heard()).to.deep.equal(['http_response to one', '1 to one', '2 to one', '3 to one', '4 to one']);
    clock.advance(600_000);
    exchanges.receive({ ...QUESTION, requestId: 'never' });
    expect(await heard(), 'what is old would be forgotten now').to.deep.equal(['error to the table']);
    exchanges.receive({ ...QUESTION, replyTo: 'two' });
    expect(await heard()).to.deep.equal(['http_response to two', '1 to two', '2 to two', '3 to two', '4 to two']);
    exchanges.receive({ type: 'credit', requestId, bytes: WINDOW_BYTES + PART_BYTES * 2 });
    exchanges.receive({ ...QUESTION, replyTo: 'two' });
    expect(await heard()).to.deep.equal(['3 to two', '4 to two']);
    exchanges.close();
  });

  it('keep it for a minute once they have ended', async () => {
    const { exchanges, give, heard, clock } = start();
    exchanges.receive(LONG);
    await settle();
    clock.advance(300_000);
    await give(5, true);
    await heard();
    for (const [ms, again] of [
      [59_999, ['http_response to one', '1 to one']],
      [1, ['error to one']],
    ] as const) {
      clock.advance(ms);
      exchanges.receive({ ...QUESTION, requestId: `never ${ms}` });
      await heard();
      exchanges.receive({ ...QUESTION, replyTo: 'one' });
      expect(await heard()).to.deep.equal(again);
    }
  });

  it('run once, however many others came meanwhile', async () => {
    const { exchanges, heard, clock } = start();
    exchanges.receive(LONG);
    await heard();
    for (let at = 0; at < 10_001; at += 1) exchanges.receive({ type: 'cancel', requestId: `other ${at}` });
    exchanges.receive({ ...LONG, replyTo: 'two' });
    expect(await heard(), 'said again, and not anew').to.deep.equal(['http_response to two']);
    clock.advance(905_000);
    await exchanges.drain();
    expect(clock.pending()).to.equal(0);
  });

  it('end five seconds after the door’s time, and not before', async () => {
    const { exchanges, give, heard, clock } = start();
    exchanges.receive(LONG);
    await settle();
    await heard();
    clock.advance(904_999);
    await give(1, false);
    clock.advance(1);
    await give(1, false);
    expect((await heard()).filter((what) => !what.startsWith('accepted'))).to.deep.equal([]);
    await exchanges.drain();
    expect(clock.pending()).to.equal(0);
  });
});
