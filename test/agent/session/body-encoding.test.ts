import { Readable } from 'node:stream';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeBody, encodeStream, expandBody } from '../../../agent/session/body-encoding.ts';
import { PART_BYTES } from '../../../src/protocol/limits.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { whole } from '../support/exchange-run.ts';

const TEXT: HeaderPair[] = [['Content-Type', 'text/html; charset=utf-8']];

async function* pieces(...sizes: number[]) {
  for (const [at, size] of sizes.entries()) yield Buffer.alloc(size, `${at} postern `);
}

/** Compresses by a quarter and no more, so that a compressor gives something long before it has all. */
function letters(bytes: number, seed = 'letters'): Buffer {
  return Buffer.from(Buffer.from(seededRandom(seed)(bytes)).toString('base64').slice(0, bytes));
}

/** Without end; tells whether it was left, and how many pieces were asked for. */
function endless(size: number) {
  let left = () => {};
  const seen = { asked: 0, left: new Promise<void>((resolve) => (left = resolve)) };
  async function* body() {
    try {
      for (;;) {
        seen.asked += 1;
        yield letters(size, `piece ${seen.asked}`);
      }
    } finally {
      left();
    }
  }
  return { body: body(), seen };
}

describe('encodeBody', () => {
  it('gives what expands to the same bytes, however they came', async () => {
    const text = letters(200_000);
    const noise = Buffer.from(seededRandom('noise')(200_000));
    const piece = fc.record({ of: fc.constantFrom(text, noise), size: fc.oneof(fc.nat(100), fc.nat(120_000)) });
    async function* inTurn(cut: readonly { readonly of: Buffer; readonly size: number }[]) {
      for (const { of, size } of cut) yield of.subarray(0, size);
    }
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (cut) => {
        const { body, encoding } = await encodeBody(inTurn(cut), TEXT);
        const sent = await whole(body);
        const expanded = encoding ? brotliDecompressSync(sent) : sent;
        expect(expanded.equals(await whole(inTurn(cut)))).to.equal(true);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('compresses only what becomes smaller, where it can look at it whole', async () => {
    async function* noise(bytes: number) {
      yield seededRandom('noise')(bytes);
    }
    const { body, encoding } = await encodeBody(noise(PART_BYTES), TEXT);
    expect(encoding).to.equal(undefined);
    expect((await whole(body)).equals(await whole(noise(PART_BYTES)))).to.equal(true);
    expect(await encodeBody(noise(PART_BYTES + 1), TEXT), 'as it comes').to.have.property('encoding', 'br');
  });

  it('is itself where the body is empty', async () => {
    const { body, encoding } = await encodeBody(pieces(), TEXT);
    expect([encoding, (await whole(body)).length]).to.deep.equal([undefined, 0]);
  });

  it('gives a long body as it comes, and reads not much further than it is read', async () => {
    const { body: source, seen } = endless(50_000);
    const { body } = await encodeBody(source, TEXT);
    let bytes = 0;
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > 300_000) break;
    }
    // 300 KB are four fifths of eight pieces; the compressor holds some more.
    expect(seen.asked).to.be.within(8, 16);
    await seen.left;
  });

  it('compresses from 1,024 bytes on, and never what is compressed or no text', async () => {
    expect(await encodeBody(pieces(1_023), TEXT)).to.not.have.property('encoding');
    expect(await encodeBody(pieces(1_024), TEXT)).to.have.property('encoding', 'br');
    expect(await encodeBody(pieces(9_000), [...TEXT, ['Content-Encoding', 'gzip']])).to.not.have.property('encoding');
    expect(await encodeBody(pieces(9_000), [['Content-Type', 'video/mp4']])).to.not.have.property('encoding');
    expect(await encodeBody(pieces(9_000), [['Content-Type', 'text/event-stream']])).to.not.have.property('encoding');
  });

  it('ends the upstream where nobody reads on, and the compressor', async () => {
    const { body: source, seen } = endless(50_000);
    const { body } = await encodeBody(source, TEXT);
    for await (const _piece of body) break;
    await seen.left;
    expect(body).to.be.an.instanceOf(Readable).with.property('destroyed', true);
  });

  for (const [when, bytes] of [
    ['at once', 0],
    ['within the first message', 5_000],
    ['later', 200_000],
  ] as const) {
    it(`fails where the upstream does, ${when}`, async () => {
      async function* failing() {
        yield Buffer.alloc(bytes);
        throw new Error('socket hang up');
      }
      const error = await encodeBody(failing(), TEXT)
        .then(({ body }) => whole(body))
        .catch((thrown: Error) => thrown);
      expect(error).to.be.an.instanceOf(Error).with.property('message', 'socket hang up');
    });
  }
});

describe('expandBody', () => {
  it('makes no more than it may, and nothing of what is broken', async () => {
    const { body } = await encodeBody(pieces(90_000), TEXT);
    const packed = await whole(body);
    expect(await expandBody(packed, 90_000)).to.have.length(90_000);
    expect(await expandBody(packed, 89_999)).to.equal(undefined);
    expect(await expandBody(packed.subarray(0, 20), 90_000)).to.equal(undefined);
  });

  it('does not expand a bomb', async () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
    const bomb = brotliCompressSync(Buffer.alloc(30_000_000), { params });
    expect(bomb.length).to.be.below(10_000);
    expect(await expandBody(bomb, 1_000_000)).to.equal(undefined);
  });
});

describe('encodeStream', () => {
  it('compresses text whose length is known, as it comes', async () => {
    const text = letters(300_000);
    const cut = async function* () {
      for (let at = 0; at < text.length; at += 7_000) yield text.subarray(at, at + 7_000);
    };
    const { body, encoding } = encodeStream(cut(), TEXT, text.length);
    expect(encoding).to.equal('br');
    const compressed = await whole(body);
    expect(compressed.length).to.be.below(text.length);
    expect(brotliDecompressSync(compressed).equals(text)).to.equal(true);
  });

  it('leaves the rest as it is', () => {
    const events: HeaderPair[] = [['content-type', 'text/event-stream']];
    for (const [headers, length] of [
      [TEXT, undefined],
      [TEXT, 1_023],
      [events, 9_999],
      [[], 9_999],
    ] as const) {
      const body = pieces(1, 2);
      const encoded = encodeStream(body, headers, length);
      expect(encoded.body).to.equal(body);
      expect(encoded).to.not.have.property('encoding');
    }
  });
});
