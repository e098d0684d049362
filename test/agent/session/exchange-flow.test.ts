import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import type { ExchangePorts } from '../../../agent/session/exchange.ts';
import { createWindow } from '../../../agent/session/window.ts';
import { ACCEPT_AFTER_MS, MESSAGE_BYTES, PART_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HeaderPair, HttpResponse } from '../../../src/protocol/messages.ts';
import { roomBeside } from '../../../src/protocol/parts.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { answering, pieces, REQUEST, SESSION, sha256, silent, startExchange, whole } from '../support/exchange-run.ts';

const TEXT: HeaderPair[] = [['content-type', 'text/plain']];

/** Lets run what waits for nothing but its turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A text that compresses by a quarter and no more. */
function letters(bytes: number): Buffer {
  return Buffer.from(Buffer.from(seededRandom('letters')(bytes)).toString('base64').slice(0, bytes));
}

async function* inPieces(body: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

function bodyOf(sent: readonly AgentMessage[]): Buffer {
  return Buffer.concat(sent.map((message) => ('body' in message ? message.body : Buffer.alloc(0))));
}

describe('an exchange', () => {
  describe('whose answer takes its time', () => {
    it('says once that the request is here', async () => {
      const { report, accepted, clock, cancel } = startExchange(silent);
      clock.advance(ACCEPT_AFTER_MS - 1);
      expect(accepted).to.deep.equal([]);
      clock.advance(20_000);
      expect(accepted).to.deep.equal([ACCEPT_AFTER_MS]);
      cancel.abort();
      await report;
      expect(clock.pending()).to.equal(0);
    });

    it('does not where the head comes sooner, or the failure', async () => {
      for (const [upstream, status] of [
        [answering(200, [], pieces(1, 3)), 200],
        [(async () => ({ kind: 'failed', code: 'upstream_unreachable', message: 'why' })) satisfies Forward, 502],
      ] as const) {
        let answer = () => {};
        const held = new Promise<void>((resolve) => {
          answer = resolve;
        });
        const forward: Forward = (request, signal) => held.then(() => upstream(request, signal));
        const { report, accepted, clock } = startExchange(forward);
        clock.advance(ACCEPT_AFTER_MS - 1);
        answer();
        expect((await report).status).to.equal(status);
        clock.advance(20_000);
        expect(accepted).to.deep.equal([]);
        expect(clock.pending()).to.equal(0);
      }
    });

    it('does not once its head is on its way, however long the rest takes', async () => {
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      async function* slow() {
        yield Buffer.alloc(PART_BYTES + 1);
        await held;
      }
      const { report, accepted, clock, sent } = startExchange(answering(200, [], slow()));
      await settle();
      expect(sent).to.have.length(1);
      clock.advance(20_000);
      go();
      await report;
      expect(accepted).to.deep.equal([]);
    });

    it('does where the head is here and its body is compressed, for that comes later', async () => {
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      async function* slow() {
        yield Buffer.from('first');
        await held;
      }
      const { report, accepted, clock } = startExchange(answering(200, TEXT, slow()));
      await settle();
      clock.advance(ACCEPT_AFTER_MS);
      go();
      expect(await report).to.include({ status: 200, bytes: 5 });
      expect(accepted).to.deep.equal([ACCEPT_AFTER_MS]);
    });

    it('says nothing of it to a version 1 edge, which would not know the word', async () => {
      const { report, accepted, clock, cancel } = startExchange(silent, {}, { protocol: 1 });
      clock.advance(20_000);
      expect(accepted).to.deep.equal([]);
      cancel.abort();
      await report;
    });
  });

  describe('in its window', () => {
    const windowed = (initialBytes: number, ports: Partial<ExchangePorts> = {}) => {
      const window = createWindow(initialBytes);
      const body = Buffer.concat(Array.from({ length: 8 }, (_, at) => Buffer.alloc(PART_BYTES, at)));
      const run = startExchange(answering(200, [], inPieces(body, 60_000)), {}, { window, ...ports });
      return { window, ...run };
    };

    it('stands still at its end, and goes on with more credit', async () => {
      const { report, sent, window } = windowed(PART_BYTES * 2);
      await settle();
      expect(sent).to.have.length(2);
      window.grant(PART_BYTES * 3 - 1);
      await settle();
      expect(sent, 'not for a part of a part').to.have.length(2);
      window.grant(PART_BYTES * 3);
      await settle();
      expect(sent).to.have.length(3);
      window.grant(PART_BYTES);
      await settle();
      expect(sent, 'a late credit').to.have.length(3);
      window.grant(PART_BYTES * 9);
      expect(await report).to.include({ status: 200, bytes: PART_BYTES * 8 });
    });

    it('ends while it stands still when it is cancelled, and reads no further', async () => {
      const { report, sent, cancel, clock } = windowed(PART_BYTES);
      await settle();
      cancel.abort();
      expect(await report).to.include({ status: 499 });
      expect(
        sent.map(({ type }) => type),
        'no word about it',
      ).to.deep.equal(['http_response']);
      expect(clock.pending()).to.equal(0);
    });

    it('counts bytes as they travel', async () => {
      const text = letters(PART_BYTES * 4);
      const window = createWindow(PART_BYTES * 3 + 10_000);
      const { report, sent } = startExchange(answering(200, TEXT, inPieces(text, 50_000)), {}, { window });
      expect(await report).to.include({ status: 200, bytes: text.length });
      expect(bodyOf(sent).length).to.be.within(PART_BYTES * 2, PART_BYTES * 3 + 10_000);
    });
  });

  describe('of several messages', () => {
    it('says length and hash of the whole body with its last part', async () => {
      const { report, sent } = startExchange(answering(200, [], pieces(3, 100_000)));
      await report;
      expect(sent.at(-1)).to.include({ totalBytes: 300_000, sha256: sha256(await whole(pieces(3, 100_000))) });
      expect(sent.filter((message) => 'totalBytes' in message)).to.have.length(1);
    });

    it('tells with each how much of the body has gone with it', async () => {
      const told: [number, number][] = [];
      const { report } = startExchange(
        answering(200, [], pieces(3, PART_BYTES)),
        {},
        {
          async deliver(_text, part, endBytes) {
            told.push([part, endBytes]);
            return true;
          },
        },
      );
      await report;
      const head = told[0]?.[1] ?? 0;
      expect(head).to.be.within(PART_BYTES - 300, PART_BYTES);
      expect(told).to.deep.equal([
        [0, head],
        [1, head + PART_BYTES],
        [2, head + PART_BYTES * 2],
        ...(head < PART_BYTES ? [[3, PART_BYTES * 3]] : []),
      ]);
    });
  });

  describe('that is compressed', () => {
    it('says so in its head, and is the same when expanded', async () => {
      const { report, sent } = startExchange(answering(200, TEXT, pieces(1, 50_000)));
      expect(await report, 'what the upstream gave').to.include({ status: 200, bytes: 50_000 });
      expect(sent).to.have.length(1);
      expect(sent[0]).to.deep.include({ encoding: 'br', more: false, headers: TEXT });
      expect(brotliDecompressSync(bodyOf(sent))).to.deep.equal(await whole(pieces(1, 50_000)));
    });

    it('comes as a stream where it is long, with length and hash of what travels', async () => {
      const text = letters(600_000);
      const { report, sent, texts } = startExchange(answering(200, TEXT, inPieces(text, 70_000)));
      expect(await report).to.include({ status: 200, bytes: 600_000 });
      expect(sent.length).to.be.above(3);
      for (const message of texts) expect(Buffer.byteLength(message)).to.be.at.most(MESSAGE_BYTES);
      const travelled = bodyOf(sent);
      expect(sent.at(-1)).to.include({ totalBytes: travelled.length, sha256: sha256(travelled) });
      expect(brotliDecompressSync(travelled).equals(text)).to.equal(true);
    });

    it('is limited by what it was before', async () => {
      const fits = startExchange(answering(200, TEXT, pieces(40, 100_000)), { maxResponseBytes: 4_000_000 });
      expect(await fits.report).to.include({ status: 200, bytes: 4_000_000 });
      const over = startExchange(answering(200, TEXT, pieces(40, 100_000)), { maxResponseBytes: 3_999_999 });
      expect((await over.report).failure?.code).to.equal('response_too_large');
    });

    it('fails where the upstream fails in the middle', async () => {
      async function* failing() {
        yield letters(400_000);
        throw new Error('socket hang up');
      }
      const { report, sent } = startExchange(answering(200, TEXT, failing()));
      expect((await report).failure?.message).to.include('socket hang up');
      expect(sent.at(-1)).to.include({ type: 'error', code: 'upstream_failed' });
      expect(sent.filter((message) => 'totalBytes' in message)).to.deep.equal([]);
    });

    it('lets go of the upstream when it is cancelled in the middle', async () => {
      let left = () => {};
      const done = new Promise<void>((resolve) => {
        left = resolve;
      });
      async function* endless() {
        try {
          for (;;) yield letters(100_000);
        } finally {
          left();
        }
      }
      const window = createWindow(PART_BYTES);
      const { report, cancel } = startExchange(answering(200, TEXT, endless()), {}, { window });
      await settle();
      cancel.abort();
      expect((await report).status).to.equal(499);
      await done;
    });

    it('is not where that helps nobody, nor for a version 1 edge', async () => {
      const noise = Buffer.from(seededRandom('noise')(50_000));
      for (const [why, headers, body, ports] of [
        ['a picture', [['content-type', 'image/png']], letters(50_000), {}],
        ['compressed before', [...TEXT, ['content-encoding', 'gzip']], letters(50_000), {}],
        ['noise by the name of text', TEXT, noise, {}],
        ['short', TEXT, letters(1_023), {}],
        ['version 1', TEXT, letters(50_000), { protocol: 1 }],
      ] as const) {
        const { report, sent } = startExchange(
          answering(200, [...headers] as HeaderPair[], inPieces(body, 9_999)),
          {},
          ports,
        );
        await report;
        expect(sent, why).to.have.length(1);
        expect(sent[0], why).to.not.have.property('encoding');
        expect(bodyOf(sent).equals(body), why).to.equal(true);
      }
    });

    it('leaves room for saying so beside the largest head', async () => {
      const plain: HttpResponse = {
        type: 'http_response',
        requestId: REQUEST.requestId,
        status: 200,
        headers: [...TEXT, ['x', '']],
        body: new Uint8Array(0),
        processingTimeMs: 0,
        more: false,
        sessionId: SESSION,
      };
      // From here on a head alone fills a message, more or less.
      const filling = MESSAGE_BYTES - (await lengthOf(plain));
      for (let less = 0; less < 80; less += 1) {
        const headers: HeaderPair[] = [...TEXT, ['x', 'y'.repeat(filling - less)]];
        const { report, texts, sent } = startExchange(answering(200, headers, pieces(1, 3_000)));
        await report;
        for (const text of texts) expect(Buffer.byteLength(text)).to.be.at.most(MESSAGE_BYTES);
        const failed = sent.some(({ type }) => type === 'error');
        if (!failed) expect(brotliDecompressSync(bodyOf(sent))).to.have.length(3_000);
        if (less === 0) expect(failed).to.equal(true);
        if (less === 79) expect(failed).to.equal(false);
      }
      expect(roomBeside(plain)).to.equal(PART_BYTES);
    });
  });
});

/** Of the message that says this answer, in bytes. */
async function lengthOf(head: HttpResponse): Promise<number> {
  const { report, texts } = startExchange(answering(200, [...head.headers], pieces(0, 0)));
  await report;
  return Buffer.byteLength(texts[0] ?? '');
}
