import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import { type ExchangePorts, runExchange } from '../../../agent/session/exchange.ts';
import { createWindow } from '../../../agent/session/window.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import { ACCEPT_AFTER_MS, MESSAGE_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HeaderPair, HttpRequest } from '../../../src/protocol/messages.ts';
import { createPartJoiner } from '../../../src/protocol/parts.ts';
import { createManualClock } from '../support/manual-clock.ts';

const SESSION = 'abcdefghijklmnopqrstuv';

const REQUEST: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'GET',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
  maxResponseBytes: 4_500_000,
};

function answering(status: number, headers: HeaderPair[], body: AsyncIterable<Uint8Array>): Forward {
  return async () => ({ kind: 'answered', status, headers, body });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield Buffer.alloc(size, at);
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(200_000);
  throw new Error('socket hang up');
}

/** An upstream that says nothing until it is aborted. */
const silent: Forward = (_request, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('runExchange', () => {
  function start(forward: Forward, request: Partial<HttpRequest> = {}, ports: Partial<ExchangePorts> = {}) {
    const sent: AgentMessage[] = [];
    const texts: string[] = [];
    const accepted: number[] = [];
    const clock = createManualClock();
    const began = clock.now();
    const cancel = new AbortController();
    const report = runExchange(
      { ...REQUEST, ...request },
      {
        forward,
        async deliver(text) {
          const message = decodeAgentMessage(text);
          if (message.type === 'malformed' || message.type === 'unknown') throw new Error(text);
          texts.push(text);
          sent.push(message);
          return true;
        },
        window: createWindow(Number.POSITIVE_INFINITY),
        accept: () => accepted.push(clock.now() - began),
        protocol: 2,
        sessionId: SESSION,
        requestTimeoutMs: 25_000,
        clock,
        cancelled: cancel.signal,
        ...ports,
      },
    );
    return { report, sent, texts, accepted, clock, cancel };
  }

  it('sends a small answer whole, signed by its session', async () => {
    const headers: HeaderPair[] = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    const { report, sent } = start(answering(201, headers, pieces(1, 3)));
    expect(await report).to.deep.equal({ status: 201, ms: 0, bytes: 3 });
    expect(sent).to.deep.equal([
      {
        type: 'http_response',
        requestId: REQUEST.requestId,
        status: 201,
        headers,
        body: Buffer.alloc(3),
        processingTimeMs: 0,
        more: false,
        sessionId: SESSION,
      },
    ]);
  });

  it('sends a large answer as head and parts that each fit a message (WS-42)', async () => {
    const { report, sent, texts } = start(answering(200, [], pieces(40, 100_000)));
    expect((await report).bytes).to.equal(4_000_000);
    expect(sent).to.have.length(41);
    for (const text of texts) expect(Buffer.byteLength(text)).to.be.at.most(MESSAGE_BYTES);
    const joiner = createPartJoiner(5_000_000, sha256);
    const results = sent.reverse().map((message) => {
      if (message.type === 'http_response') return joiner.add({ part: 0, body: message.body });
      if (message.type === 'response_part') return joiner.add(message);
      throw new Error(message.type);
    });
    const last = results.at(-1);
    if (last?.kind !== 'complete') throw new Error(JSON.stringify(last));
    expect(Buffer.from(last.body).equals(Buffer.concat(await all(pieces(40, 100_000))))).to.equal(true);
  });

  it('reads no further than the edge takes', async () => {
    let produced = 0;
    async function* body() {
      for (; produced < 100; produced += 1) yield Buffer.alloc(96_000);
    }
    let release = () => {};
    const { report } = start(
      answering(200, [], body()),
      { maxResponseBytes: 20_000_000 },
      {
        deliver: () => new Promise((resolve) => (release = () => resolve(true))),
      },
    );
    await new Promise(setImmediate);
    expect(produced).to.be.at.most(2);
    for (let sent = 0; sent < 100; sent += 1) {
      release();
      await new Promise(setImmediate);
    }
    expect((await report).bytes).to.equal(9_600_000);
  });

  for (const [code, version1, status] of [
    ['upstream_unreachable', 'local_service_unavailable', 502],
    ['upstream_failed', 'internal_error', 502],
    ['invalid_request', 'invalid_request', 400],
  ] as const) {
    it(`says ${code}, to a version 1 edge ${version1}`, async () => {
      const forward: Forward = async () => ({ kind: 'failed', code, message: 'why' });
      const modern = start(forward);
      expect(await modern.report).to.deep.equal({ status, ms: 0, bytes: 0, failure: { code, message: 'why' } });
      expect(modern.sent).to.deep.equal([
        { type: 'error', requestId: REQUEST.requestId, code, message: 'why', sessionId: SESSION },
      ]);
      const old = start(forward, {}, { protocol: 1 });
      await old.report;
      expect(old.sent).to.deep.equal([{ type: 'error', requestId: REQUEST.requestId, code: version1, message: 'why' }]);
    });
  }

  it('says upstream_failed when the upstream dies in mid-answer', async () => {
    const { report, sent } = start(answering(200, [], failing()));
    expect((await report).failure?.code).to.equal('upstream_failed');
    expect(sent.map(({ type }) => type)).to.deep.equal(['http_response', 'response_part', 'error']);
  });

  it('stops an answer that outgrows the door, and aborts the upstream', async () => {
    let signal: AbortSignal | undefined;
    const forward: Forward = async (_request, given) => {
      signal = given;
      return { kind: 'answered', status: 200, headers: [], body: pieces(1_000, 96_000) };
    };
    const { report, sent } = start(forward, { maxResponseBytes: 200_000 });
    expect((await report).failure?.code).to.equal('response_too_large');
    expect(sent.map(({ type }) => type)).to.deep.equal(['http_response', 'error']);
    expect(signal?.aborted).to.equal(true);
  });

  it('does not begin an answer whose length is announced as too large', async () => {
    const announced = answering(200, [['Content-Length', '200001']], pieces(3, 96_000));
    const { report, sent } = start(announced, { maxResponseBytes: 200_000 });
    expect((await report).failure?.code).to.equal('response_too_large');
    expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
  });

  it('lets HEAD and 304 announce what they do not send', async () => {
    const limit = { maxResponseBytes: 10 };
    const head = start(answering(200, [['content-length', '99']], pieces(0, 0)), { ...limit, method: 'HEAD' });
    expect((await head.report).status).to.equal(200);
    const unchanged = start(answering(304, [['content-length', '99']], pieces(0, 0)), limit);
    expect((await unchanged.report).status).to.equal(304);
  });

  it('gives a version 1 edge one unsigned message, or says why not', async () => {
    const fits = start(answering(200, [], pieces(1, 90_000)), {}, { protocol: 1 });
    await fits.report;
    expect(fits.sent).to.have.length(1);
    expect(fits.sent[0]).not.to.have.property('sessionId');
    const tooLarge = start(answering(200, [], pieces(2, 90_000)), {}, { protocol: 1 });
    expect((await tooLarge.report).failure?.message).to.contain('version 1');
    expect(tooLarge.sent.map((message) => message.type === 'error' && message.code)).to.deep.equal(['internal_error']);
  });

  it('refuses an answer whose head alone is larger than a message', async () => {
    const { report, sent } = start(answering(200, [['x', 'y'.repeat(140_000)]], pieces(0, 0)));
    expect((await report).failure?.code).to.equal('upstream_failed');
    expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
  });

  it('says timeout when the upstream stays silent, sooner where the door waits less', async () => {
    for (const [request, ms] of [
      [{}, 25_000],
      [{ timeoutMs: 4_000 }, 4_000],
      [{ timeoutMs: 60_000 }, 25_000],
    ] as const) {
      const { report, sent, clock } = start(silent, request);
      clock.advance(ms - 1);
      clock.advance(1);
      expect((await report).status).to.equal(504);
      expect(sent.map((message) => message.type === 'error' && message.code)).to.deep.equal(['timeout']);
      expect(clock.pending()).to.equal(0);
    }
  });

  it('says timeout when the body stalls, and only then', async () => {
    const clock = createManualClock();
    async function* slow() {
      for (const pause of [20_000, 20_000, 20_000, 26_000]) {
        await Promise.resolve();
        clock.advance(pause);
        yield Buffer.alloc(1);
      }
    }
    const { report } = start(answering(200, [], slow()), {}, { clock });
    expect(await report).to.deep.include({ status: 504, ms: 86_000 });
  });

  it('says once that the request is here, where the answer takes its time; never to a version 1 edge', async () => {
    const slow = start(silent);
    slow.clock.advance(ACCEPT_AFTER_MS - 1);
    expect(slow.accepted).to.deep.equal([]);
    slow.clock.advance(20_000);
    expect(slow.accepted).to.deep.equal([ACCEPT_AFTER_MS]);
    slow.cancel.abort();
    await slow.report;
    const quick = start(answering(200, [], pieces(1, 3)));
    await quick.report;
    quick.clock.advance(20_000);
    expect(quick.accepted).to.deep.equal([]);
    const old = start(silent, {}, { protocol: 1 });
    old.clock.advance(20_000);
    expect(old.accepted).to.deep.equal([]);
    old.cancel.abort();
    await old.report;
  });

  it('stands still at the end of the window, and goes on with more credit', async () => {
    const window = createWindow(200_000);
    const { report, sent } = start(answering(200, [], pieces(8, 100_000)), {}, { window });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sent).to.have.length(2);
    window.grant(300_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sent).to.have.length(3);
    window.grant(1_000_000);
    expect(await report).to.include({ status: 200, bytes: 800_000 });
  });

  it('ends while it stands still when it is cancelled', async () => {
    const { report, sent, cancel } = start(answering(200, [], pieces(8, 100_000)), {}, { window: createWindow(1) });
    await new Promise((resolve) => setTimeout(resolve, 10));
    cancel.abort();
    expect((await report).status).to.equal(499);
    expect(sent).to.deep.equal([]);
  });

  it('says length and hash of the whole body with its last part', async () => {
    const { report, sent } = start(answering(200, [], pieces(3, 100_000)));
    await report;
    const whole = Buffer.concat(await all(pieces(3, 100_000)));
    expect(sent.at(-1)).to.include({ totalBytes: 300_000, sha256: sha256(whole) });
    expect(sent.filter((message) => 'totalBytes' in message)).to.have.length(1);
  });

  it('compresses what compresses, of which the limit counts what it was before', async () => {
    const text: HeaderPair[] = [['content-type', 'text/plain']];
    const short = start(answering(200, text, pieces(1, 50_000)));
    expect(await short.report).to.include({ status: 200, bytes: 50_000 });
    expect(short.sent[0]).to.include({ encoding: 'br', more: false });
    const long = start(answering(200, text, pieces(40, 100_000)));
    expect(await long.report).to.include({ status: 200, bytes: 4_000_000 });
    expect(long.sent).to.have.length(1);
    const over = start(answering(200, text, pieces(40, 100_000)), { maxResponseBytes: 3_999_999 });
    expect((await over.report).failure?.code).to.equal('response_too_large');
    for (const [headers, ports] of [
      [[['content-type', 'image/png']], {}],
      [[...text, ['content-encoding', 'gzip']], {}],
      [text, { protocol: 1 }],
    ] as const) {
      const plain = start(answering(200, headers as HeaderPair[], pieces(1, 50_000)), {}, ports);
      await plain.report;
      expect(plain.sent[0]).to.not.have.property('encoding');
    }
  });

  it('ends quietly when cancelled', async () => {
    const { report, sent, cancel } = start(silent);
    cancel.abort();
    expect(await report).to.deep.equal({ status: 499, ms: 0, bytes: 0 });
    expect(sent).to.deep.equal([]);
  });

  it('stops reading when the answer is lost', async () => {
    const { report } = start(answering(200, [], pieces(1_000, 96_000)), {}, { deliver: async () => false });
    expect((await report).failure?.code).to.equal('answer_lost');
  });
});

async function all(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const held: Uint8Array[] = [];
  for await (const piece of body) held.push(piece);
  return held;
}
