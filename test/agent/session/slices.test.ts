import { expect } from 'chai';
import fc from 'fast-check';
import { type BodySlice, sliceBody } from '../../../agent/session/slices.ts';

async function* pieces(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

async function slicesOf(all: Uint8Array[], first: number, later: number): Promise<BodySlice[]> {
  const slices: BodySlice[] = [];
  for await (const slice of sliceBody(pieces(...all), first, later)) slices.push(slice);
  return slices;
}

describe('sliceBody', () => {
  it('gives one empty slice for an empty body', async () => {
    expect(await slicesOf([], 10, 10)).to.deep.equal([{ bytes: Buffer.alloc(0), last: true }]);
  });

  it('sends no empty slice after a full one', async () => {
    const slices = await slicesOf([Buffer.from('abcd'), Buffer.from('efg')], 4, 3);
    expect(slices.map(({ bytes, last }) => [bytes.toString(), last])).to.deep.equal([
      ['abcd', false],
      ['efg', true],
    ]);
  });

  it('gives all bytes in order, full slices but the last, which alone says so', async () => {
    const body = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(body, fc.nat(30), fc.integer({ min: 1, max: 30 }), async (all, first, later) => {
        const slices = await slicesOf(all, first, later);
        expect(Buffer.concat(slices.map(({ bytes }) => bytes)).equals(Buffer.concat(all))).to.equal(true);
        slices.forEach(({ bytes, last }, at) => {
          expect(last).to.equal(at === slices.length - 1);
          const room = at === 0 ? first : later;
          if (last) expect(bytes.length).to.be.at.most(room);
          else expect(bytes.length).to.equal(room);
        });
      }),
      { seed: 7 },
    );
  });

  it('ends the body’s iteration when left early', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(10);
      } finally {
        ended = true;
      }
    }
    for await (const slice of sliceBody(endless(), 5, 5)) {
      expect(slice.last).to.equal(false);
      break;
    }
    expect(ended).to.equal(true);
  });
});
