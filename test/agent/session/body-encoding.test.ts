import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeBody, expandBody } from '../../../agent/session/body-encoding.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';

const TEXT: HeaderPair[] = [['Content-Type', 'text/html; charset=utf-8']];

async function* pieces(...sizes: number[]) {
  for (const [at, size] of sizes.entries()) yield Buffer.alloc(size, `${at} postern `);
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const piece of body) held.push(piece);
  return Buffer.concat(held);
}

describe('encodeBody', () => {
  it('gives what expands to the same bytes, however they came', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(200_000)), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(sizes, async (cut) => {
        const { body, encoding } = await encodeBody(pieces(...cut), TEXT);
        const sent = await whole(body);
        const expanded = encoding ? brotliDecompressSync(sent) : sent;
        expect(expanded.equals(await whole(pieces(...cut)))).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });

  it('compresses from 1,024 bytes on, and never what is compressed or no text', async () => {
    expect(await encodeBody(pieces(1_023), TEXT)).to.not.have.property('encoding');
    expect(await encodeBody(pieces(1_024), TEXT)).to.have.property('encoding', 'br');
    expect(await encodeBody(pieces(9_000), [...TEXT, ['Content-Encoding', 'gzip']])).to.not.have.property('encoding');
    expect(await encodeBody(pieces(9_000), [['Content-Type', 'video/mp4']])).to.not.have.property('encoding');
    expect(await encodeBody(pieces(9_000), [['Content-Type', 'text/event-stream']])).to.not.have.property('encoding');
  });

  it('ends the upstream where nobody reads on', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(50_000, Math.random().toString());
      } finally {
        ended = true;
      }
    }
    const { body } = await encodeBody(endless(), TEXT);
    for await (const _piece of body) break;
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(ended).to.equal(true);
  });

  it('fails where the upstream does', async () => {
    async function* failing() {
      yield Buffer.alloc(200_000);
      throw new Error('socket hang up');
    }
    const { body } = await encodeBody(failing(), TEXT);
    const error = await whole(body).catch((thrown: Error) => thrown);
    expect(error).to.be.an.instanceOf(Error).with.property('message', 'socket hang up');
  });
});

describe('expandBody', () => {
  it('makes no more than it may, and nothing of what is broken', async () => {
    const { body } = await encodeBody(pieces(90_000), TEXT);
    const packed = await whole(body);
    expect(await expandBody(packed, 90_000)).to.have.length(90_000);
    expect(await expandBody(packed, 89_999)).to.equal(undefined);
    expect(await expandBody(packed.subarray(0, 20), 90_000)).to.equal(undefined);
  });
});
