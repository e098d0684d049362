import { createHash } from 'node:crypto';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import { SHORTEST_PAUSE_MS } from '../../../agent/session/part-pace.ts';
import { createWindow } from '../../../agent/session/window.ts';
import { ACCEPT_AFTER_MS, MESSAGE_BYTES, PART_BYTES, WINDOW_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HeaderPair, HttpRequest } from '../../../src/protocol/messages.ts';
import { createPartJoiner } from '../../../src/protocol/parts.ts';
import { answering, pieces, REQUEST, sha256, silent, startExchange } from '../support/exchange-run.ts';
import { createManualClock } from '../support/manual-clock.ts';

const STREAM: Partial<HttpRequest> = {
  stream: true,
  timeoutMs: 900_000,
  maxResponseBytes: 200_000_000,
  windowBytes: WINDOW_BYTES,
};
const EVENTS: HeaderPair[] = [['content-type', 'text/event-stream; charset=utf-8']];
const TEXT: HeaderPair[] = [['content-type', 'text/plain']];

/** Lets run what waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** An upstream whose body comes as the test gives it, and ends when it is aborted. */
function given(status: number, headers: HeaderPair[]) {
  const waiting: (Uint8Array | 'end' | Error)[] = [];
  const seen = { aborted: false, left: false };
  let wake = () => {};
  const forward: Forward = async (_request, signal) => {
    signal.addEventListener('abort', () => {
      seen.aborted = true;
      wake();
    });
    async function* body() {
      try {
        for (;;) {
          signal.throwIfAborted();
          const next = waiting.shift();
          if (next === 'end') return;
          if (next instanceof Error) throw next;
          if (next) yield next;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        seen.left = true;
      }
    }
    return { kind: 'answered', status, headers, body: body() };
  };
  return {
    forward,
    seen,
    async give(...items: (string | Uint8Array | Error)[]) {
      waiting.push(
        ...(items.map((item) => (typeof item === 'string' && item !== 'end' ? Buffer.from(item) : item)) as []),
      );
      wake();
      await settle();
    },
  };
}

/** What each message brings of the body: `head`, a part's text, `.` with the last, or an error's code. */
function heard(sent: AgentMessage[]): string[] {
  return sent.splice(0).map((message) => {
    if (message.type === 'error') return message.code;
    if (message.type !== 'http_response' && message.type !== 'response_part') return message.type;
    const ends = message.type === 'http_response' ? !message.more : message.totalBytes !== undefined;
    return `${message.type === 'http_response' ? 'head ' : ''}${Buffer.from(message.body)}${ends ? '.' : ''}`;
  });
}

describe('an exchange whose door streams', () => {
  it('brings events one by one, each after a short pause, and is not harmed by minutes without any', async () => {
    const { forward, give } = given(200, EVENTS);
    const { report, sent, clock } = startExchange(forward, STREAM);
    await settle();
    expect(heard(sent), 'the head waits for nothing').to.deep.equal(['head ']);
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      await give(event);
      expect(heard(sent)).to.deep.equal([]);
      clock.advance(SHORTEST_PAUSE_MS);
      await settle();
      expect(heard(sent)).to.deep.equal([event]);
      clock.advance(240_000);
      await settle();
      expect(heard(sent)).to.deep.equal([]);
    }
    await give('data: 3\n\n', 'end');
    expect(heard(sent)).to.deep.equal(['data: 3\n\n.']);
    expect(await report).to.deep.equal({ status: 200, ms: 480_000 + 2 * SHORTEST_PAUSE_MS, bytes: 27 });
    expect(clock.pending()).to.equal(0);
  });

  it('says a small answer that is there at once in one message', async () => {
    for (const headers of [[], [['content-length', '300']] satisfies HeaderPair[]]) {
      const { report, sent, accepted, clock } = startExchange(answering(200, headers, pieces(3, 100)), STREAM);
      await report;
      clock.advance(ACCEPT_AFTER_MS);
      expect(sent).to.have.length(1);
      expect(sent[0]).to.include({ type: 'http_response', more: false });
      expect(accepted).to.deep.equal([]);
    }
  });

  it('says at once that there is no body where the head says so', async () => {
    for (const [status, headers, method] of [
      [204, [], 'GET'],
      [304, [['content-length', '99']], 'GET'],
      [200, [['content-length', '99'], ...EVENTS], 'HEAD'],
      [200, [['content-length', '0']], 'GET'],
    ] as const) {
      const { report, sent } = startExchange(answering(status, [...headers], pieces(0, 0)), { ...STREAM, method });
      expect((await report).status).to.equal(status);
      expect(heard(sent)).to.deep.equal(['head .']);
    }
  });

  it('says accepted where the head takes a while, and waits for that no longer than the agent does', async () => {
    const { report, sent, accepted, clock } = startExchange(silent, STREAM);
    clock.advance(24_999);
    await settle();
    expect(accepted).to.deep.equal([ACCEPT_AFTER_MS]);
    expect(sent).to.deep.equal([]);
    clock.advance(1);
    expect((await report).status).to.equal(504);
    expect(heard(sent)).to.deep.equal(['timeout']);
  });

  it('is whole, in full parts where it comes fast, with length and hash of what travels', async () => {
    const { report, sent, texts } = startExchange(answering(200, [], pieces(100, 250_000)), STREAM);
    expect(await report).to.include({ status: 200, bytes: 25_000_000 });
    expect(sent.length).to.be.at.most(Math.ceil(25_000_000 / PART_BYTES) + 2);
    for (const text of texts) expect(Buffer.byteLength(text)).to.be.at.most(MESSAGE_BYTES);
    const joiner = createPartJoiner(25_000_000, sha256);
    const results = sent.map((message) => {
      if (message.type === 'http_response') return joiner.add({ part: 0, body: message.body }).kind;
      return message.type === 'response_part' ? joiner.add(message).kind : message.type;
    });
    expect(results.at(-1)).to.equal('complete');
    const hash = createHash('sha256');
    for await (const piece of pieces(100, 250_000)) hash.update(piece);
    expect(sent.at(-1)).to.include({ totalBytes: 25_000_000, sha256: hash.digest('base64url') });
  });

  it('reads no more than a window beyond what the edge takes', async () => {
    const piece = 64_000;
    let read = 0;
    async function* body() {
      for (; read < 25_000_000; read += piece) yield Buffer.alloc(piece, read);
    }
    const window = createWindow(WINDOW_BYTES);
    const { report, sent } = startExchange(answering(200, [], body()), STREAM, { window });
    let granted = WINDOW_BYTES;
    let most = 0;
    for (; granted < 25_000_000 + WINDOW_BYTES; granted += 4 * PART_BYTES) {
      window.grant(granted);
      for (let turn = 0; turn < 20; turn += 1) await settle();
      most = Math.max(most, read - granted);
    }
    expect(most).to.be.within(1, PART_BYTES + 2 * piece);
    expect((await report).bytes).to.be.at.least(25_000_000);
    expect(sent.at(-1)).to.have.property('totalBytes');
  }).timeout(30_000);

  it('is cut off at once when it is cancelled, while it is silent and while it waits for credit', async () => {
    for (const windowBytes of [WINDOW_BYTES, 3]) {
      const { forward, give, seen } = given(200, EVENTS);
      const { report, sent, cancel, clock } = startExchange(forward, STREAM, { window: createWindow(windowBytes) });
      await settle();
      await give('data: 1\n\n');
      clock.advance(SHORTEST_PAUSE_MS);
      await settle();
      expect(heard(sent)).to.deep.equal(windowBytes === 3 ? ['head '] : ['head ', 'data: 1\n\n']);
      cancel.abort();
      expect(seen.aborted).to.equal(true);
      expect((await report).status).to.equal(499);
      await settle();
      expect(seen.left).to.equal(true);
      expect(sent).to.deep.equal([]);
      expect(clock.pending()).to.equal(0);
    }
  });

  it('fails after its head where the upstream breaks off, with what had come', async () => {
    const { forward, give } = given(200, EVENTS);
    const { report, sent, clock } = startExchange(forward, STREAM);
    await settle();
    await give('data: 1\n\n', new Error('socket hang up'));
    expect(heard(sent)).to.deep.equal(['head ', 'data: 1\n\n', 'upstream_failed']);
    expect((await report).failure?.message).to.include('socket hang up');
    expect(clock.pending()).to.equal(0);
  });

  it('lets go of the upstream where its answer is lost', async () => {
    const { forward, give, seen } = given(200, EVENTS);
    let taken = 0;
    const deliver = async () => {
      taken += 1;
      return taken === 1;
    };
    const { report, clock } = startExchange(forward, STREAM, { deliver });
    await settle();
    await give('data: 1\n\n');
    clock.advance(SHORTEST_PAUSE_MS);
    expect((await report).failure?.code).to.equal('answer_lost');
    await settle();
    expect(seen).to.deep.equal({ aborted: true, left: true });
    expect(clock.pending()).to.equal(0);
  });

  it('is limited as any other: before its head where its length is known, else in mid-answer', async () => {
    const limited = { ...STREAM, maxResponseBytes: 250_000 };
    const announced = startExchange(answering(200, [['content-length', '250001']], pieces(3, 100_000)), limited);
    expect((await announced.report).failure?.code).to.equal('response_too_large');
    expect(announced.sent.map(({ type }) => type)).to.deep.equal(['error']);
    const grown = startExchange(answering(200, [], pieces(3, 100_000)), limited);
    expect((await grown.report).failure?.code).to.equal('response_too_large');
    expect(grown.sent.at(-1)).to.include({ type: 'error', code: 'response_too_large' });
    const carried = grown.sent.flatMap((message) => ('body' in message ? [message.body.length] : []));
    expect(carried.reduce((sum, size) => sum + size)).to.equal(200_000);
    const over = [['content-length', '200000001']] satisfies HeaderPair[];
    const longest = startExchange(answering(200, over, pieces(0, 0)), { ...STREAM, maxResponseBytes: 1e9 });
    expect((await longest.report).failure?.code).to.equal('response_too_large');
  });

  it('is put nowhere else, however large', async () => {
    const upload = () => Promise.reject(new Error('it was put elsewhere'));
    const request = { ...STREAM, uploadUrl: 'https://place.example/put', maxResponseBytes: 250_000 };
    const { report } = startExchange(answering(200, [['content-length', '300000']], pieces(3, 100_000)), request, {
      upload,
    });
    expect((await report).failure?.message).to.include('larger than the 250000 bytes');
    const { report: grown } = startExchange(answering(200, [], pieces(3, 100_000)), request, { upload });
    expect((await grown).failure?.message).to.include('larger than the 250000 bytes');
  });

  describe('is compressed', () => {
    const lines = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `line ${at * 7919}\n`).join(''));
    async function* text() {
      for (let at = 0; at < lines.length; at += 65_536) yield lines.subarray(at, at + 65_536);
    }

    it('where it is text of known length', async () => {
      const headers: HeaderPair[] = [...TEXT, ['Content-Length', String(lines.length)]];
      const { report, sent } = startExchange(answering(200, headers, text()), STREAM);
      expect(await report).to.include({ status: 200, bytes: lines.length });
      expect(sent[0]).to.deep.include({ encoding: 'br', headers, more: true });
      const travelled = Buffer.concat(sent.map((message) => ('body' in message ? message.body : Buffer.alloc(0))));
      expect(travelled.length).to.be.below(lines.length / 2);
      expect(brotliDecompressSync(travelled).equals(lines)).to.equal(true);
      expect(sent.at(-1)).to.include({ totalBytes: travelled.length, sha256: sha256(travelled) });
    });

    it('and not where that would hold it back or helps nobody', async () => {
      for (const [why, headers] of [
        ['nobody knows when it ends', TEXT],
        ['events', [...EVENTS, ['content-length', String(lines.length)]]],
        [
          'a picture',
          [
            ['content-type', 'image/png'],
            ['content-length', String(lines.length)],
          ],
        ],
      ] as const) {
        const { report, sent } = startExchange(answering(200, [...headers] as HeaderPair[], text()), STREAM);
        expect(await report, why).to.include({ status: 200, bytes: lines.length });
        expect(sent[0], why).to.not.have.property('encoding');
      }
      const short: HeaderPair[] = [...TEXT, ['content-length', '1023']];
      const { report, sent } = startExchange(answering(200, short, pieces(1, 1_023)), STREAM);
      await report;
      expect(sent[0]).to.not.have.property('encoding');
    });

    it('fails and is cancelled as others are', async () => {
      const headers: HeaderPair[] = [...TEXT, ['content-length', '5000']];
      const broken = given(200, headers);
      const failing = startExchange(broken.forward, STREAM);
      await settle();
      await broken.give('some text', new Error('socket hang up'));
      expect((await failing.report).failure?.message).to.include('socket hang up');
      expect(failing.sent.at(-1)).to.include({ type: 'error', code: 'upstream_failed' });
      const endless = given(200, headers);
      const cancelled = startExchange(endless.forward, STREAM);
      await settle();
      await endless.give('some text');
      cancelled.cancel.abort();
      expect((await cancelled.report).status).to.equal(499);
      await settle();
      expect(endless.seen).to.deep.equal({ aborted: true, left: true });
    });
  });

  it('goes where the edge wants each part by now', async () => {
    const { forward, give } = given(200, EVENTS);
    let replyTo: string | undefined = 'first';
    const { report, sent, clock } = startExchange(forward, STREAM, { replyTo: () => replyTo });
    await settle();
    replyTo = 'second';
    await give('data: 1\n\n');
    clock.advance(SHORTEST_PAUSE_MS);
    await settle();
    replyTo = undefined;
    await give('data: 2\n\n', 'end');
    await report;
    expect(sent.map((message) => 'replyTo' in message && message.replyTo)).to.deep.equal(['first', 'second', false]);
  });

  it('has room for the longest address beside the largest parts and heads', async () => {
    const replyTo = '"'.repeat(256);
    for (const headerBytes of [0, 100_000]) {
      const headers: HeaderPair[] = [['x', 'y'.repeat(headerBytes)]];
      const { report, sent, texts } = startExchange(answering(200, headers, pieces(5, 100_000)), STREAM, {
        replyTo: () => replyTo,
      });
      expect((await report).bytes).to.equal(500_000);
      for (const text of texts) expect(Buffer.byteLength(text)).to.be.at.most(MESSAGE_BYTES);
      for (const message of sent) expect(message).to.include({ replyTo });
    }
  });
});

describe('an event stream at a door that does not stream', () => {
  it('is refused by its name, and the upstream is let go', async () => {
    const { forward, seen } = given(200, EVENTS);
    const { report, sent, clock } = startExchange(forward, { timeoutMs: 28_000 });
    const { status, failure } = await report;
    expect([status, failure?.code]).to.deep.equal([501, 'streaming_only']);
    expect(sent).to.have.length(1);
    expect(sent[0]).to.include({ type: 'error', requestId: REQUEST.requestId, code: 'streaming_only' });
    expect(sent[0]?.type === 'error' && sent[0].message).to.include('text/event-stream; charset=utf-8');
    expect(seen.aborted).to.equal(true);
    expect(clock.pending()).to.equal(0);
  });

  it('is let go before the refusal has left', async () => {
    const { forward, seen } = given(200, EVENTS);
    startExchange(forward, {}, { deliver: () => new Promise(() => {}) });
    await settle();
    expect(seen.aborted).to.equal(true);
  });

  it('is passed on where it ends, and where it is none', async () => {
    for (const [why, status, headers, method] of [
      ['its length is known', 200, [...EVENTS, ['Content-Length', '300']], 'GET'],
      ['HEAD', 200, EVENTS, 'HEAD'],
      ['204', 204, EVENTS, 'GET'],
      ['304', 304, EVENTS, 'GET'],
      ['another type', 200, [['content-type', 'text/event-streams']], 'GET'],
      ['no type', 200, [], 'GET'],
    ] as const) {
      const bodiless = method === 'HEAD' || status !== 200;
      const body = pieces(bodiless ? 0 : 3, 100);
      const { report } = startExchange(answering(status, [...headers] as HeaderPair[], body), { method });
      expect(await report, why).to.deep.equal({ status, ms: 0, bytes: bodiless ? 0 : 300 });
    }
  });

  it('waits for its end at a version 1 edge, which knows no such word', async () => {
    const clock = createManualClock();
    const { forward, give } = given(200, EVENTS);
    const { report, sent } = startExchange(forward, {}, { protocol: 1, clock });
    await settle();
    expect(sent).to.deep.equal([]);
    await give('data: 1\n\n', 'end');
    expect(await report).to.include({ status: 200, bytes: 9 });
  });
});
