import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import { MESSAGE_BYTES } from '../../../src/protocol/limits.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';
import { createPartJoiner } from '../../../src/protocol/parts.ts';
import { answering, pieces, REQUEST, SESSION, sha256, silent, startExchange, whole } from '../support/exchange-run.ts';
import { createManualClock } from '../support/manual-clock.ts';

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(200_000);
  throw new Error('socket hang up');
}

describe('runExchange', () => {
  it('sends a small answer whole, signed by its session', async () => {
    const headers: HeaderPair[] = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ];
    const { report, sent } = startExchange(answering(201, headers, pieces(1, 3)));
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

  it('sends what is here whole without reading further, compressed where that helps', async () => {
    let aborted = false;
    const here =
      (whole: Uint8Array): Forward =>
      async (_request, signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        const headers: HeaderPair[] = [['content-type', 'text/plain']];
        return {
          kind: 'answered',
          status: 200,
          headers,
          body: failing(),
          whole: (most) => (whole.length > most ? undefined : whole),
        };
      };
    const small = startExchange(here(Buffer.from('here')));
    expect(await small.report).to.deep.equal({ status: 200, ms: 0, bytes: 4 });
    expect(small.sent).to.have.length(1);
    expect(small.sent[0])
      .to.deep.include({ body: Buffer.from('here'), more: false })
      .and.not.have.property('encoding');
    const text = startExchange(here(Buffer.alloc(2_000, 'x')));
    expect((await text.report).bytes).to.equal(2_000);
    expect(text.sent[0]).to.include({ encoding: 'br', more: false });
    expect(aborted).to.equal(false);
    const tooLarge = startExchange(here(Buffer.alloc(2_000)), { maxResponseBytes: 1_999 });
    expect((await tooLarge.report).failure?.code, 'read as it comes').to.equal('response_too_large');
  });

  it('sends a large answer as head and parts that each fit a message (WS-42)', async () => {
    const { report, sent, texts } = startExchange(answering(200, [], pieces(40, 100_000)));
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
    expect(Buffer.from(last.body).equals(await whole(pieces(40, 100_000)))).to.equal(true);
  });

  it('reads no further than the edge takes', async () => {
    let produced = 0;
    async function* body() {
      for (; produced < 100; produced += 1) yield Buffer.alloc(96_000);
    }
    let release = () => {};
    const { report } = startExchange(
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
      const modern = startExchange(forward);
      expect(await modern.report).to.deep.equal({ status, ms: 0, bytes: 0, failure: { code, message: 'why' } });
      expect(modern.sent).to.deep.equal([
        { type: 'error', requestId: REQUEST.requestId, code, message: 'why', sessionId: SESSION },
      ]);
      const old = startExchange(forward, {}, { protocol: 1 });
      await old.report;
      expect(old.sent).to.deep.equal([{ type: 'error', requestId: REQUEST.requestId, code: version1, message: 'why' }]);
    });
  }

  it('says upstream_failed when the upstream dies in mid-answer', async () => {
    const { report, sent } = startExchange(answering(200, [], failing()));
    expect((await report).failure?.code).to.equal('upstream_failed');
    expect(sent.map(({ type }) => type)).to.deep.equal(['http_response', 'response_part', 'error']);
  });

  it('stops an answer that outgrows the door, and aborts the upstream', async () => {
    let signal: AbortSignal | undefined;
    const forward: Forward = async (_request, given) => {
      signal = given;
      return { kind: 'answered', status: 200, headers: [], body: pieces(1_000, 96_000) };
    };
    const { report, sent } = startExchange(forward, { maxResponseBytes: 200_000 });
    expect((await report).failure?.code).to.equal('response_too_large');
    expect(sent.map(({ type }) => type)).to.deep.equal(['http_response', 'error']);
    expect(signal?.aborted).to.equal(true);
  });

  it('does not begin an answer whose length is announced as too large', async () => {
    const announced = answering(200, [['Content-Length', '200001']], pieces(3, 96_000));
    const { report, sent } = startExchange(announced, { maxResponseBytes: 200_000 });
    expect((await report).failure?.code).to.equal('response_too_large');
    expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
  });

  it('lets HEAD and 304 announce what they do not send', async () => {
    const limit = { maxResponseBytes: 10 };
    const head = startExchange(answering(200, [['content-length', '99']], pieces(0, 0)), { ...limit, method: 'HEAD' });
    expect((await head.report).status).to.equal(200);
    const unchanged = startExchange(answering(304, [['content-length', '99']], pieces(0, 0)), limit);
    expect((await unchanged.report).status).to.equal(304);
  });

  it('gives a version 1 edge one unsigned message, or says why not', async () => {
    const fits = startExchange(answering(200, [], pieces(1, 90_000)), {}, { protocol: 1 });
    await fits.report;
    expect(fits.sent).to.have.length(1);
    expect(fits.sent[0]).not.to.have.property('sessionId');
    const tooLarge = startExchange(answering(200, [], pieces(2, 90_000)), {}, { protocol: 1 });
    expect((await tooLarge.report).failure?.message).to.contain('version 1');
    expect(tooLarge.sent.map((message) => message.type === 'error' && message.code)).to.deep.equal(['internal_error']);
  });

  it('refuses an answer whose head alone is larger than a message', async () => {
    const { report, sent } = startExchange(answering(200, [['x', 'y'.repeat(140_000)]], pieces(0, 0)));
    expect((await report).failure?.code).to.equal('upstream_failed');
    expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
  });

  it('says timeout when the upstream stays silent, sooner where the door waits less', async () => {
    for (const [request, ms] of [
      [{}, 25_000],
      [{ timeoutMs: 4_000 }, 4_000],
      [{ timeoutMs: 60_000 }, 25_000],
    ] as const) {
      const { report, sent, clock } = startExchange(silent, request);
      clock.advance(ms - 1);
      await new Promise(setImmediate);
      expect(sent).to.deep.equal([]);
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
    const { report } = startExchange(answering(200, [], slow()), {}, { clock });
    expect(await report).to.deep.include({ status: 504, ms: 86_000 });
  });

  it('ends quietly when cancelled', async () => {
    const { report, sent, cancel } = startExchange(silent);
    cancel.abort();
    expect(await report).to.deep.equal({ status: 499, ms: 0, bytes: 0 });
    expect(sent).to.deep.equal([]);
  });

  it('stops reading when the answer is lost', async () => {
    const { report } = startExchange(answering(200, [], pieces(1_000, 96_000)), {}, { deliver: async () => false });
    expect((await report).failure?.code).to.equal('answer_lost');
  });
});
