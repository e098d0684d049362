import { expect } from 'chai';
import { holdBack } from '../../../agent/session/hold-back.ts';

/** A body in pieces, and how many of them were asked for. */
function counted(...pieces: string[]) {
  const seen = { asked: 0, left: false };
  async function* body() {
    try {
      for (const piece of pieces) {
        seen.asked += 1;
        yield Buffer.from(piece);
      }
    } finally {
      seen.left = true;
    }
  }
  return { body: body(), seen };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of body) text += Buffer.from(piece).toString();
  return text;
}

describe('holdBack', () => {
  it('gives the whole body back, large or not', async () => {
    for (const [limit, large] of [
      [5, true],
      [6, false],
    ] as const) {
      const held = await holdBack(counted('ab', '', 'cd', 'ef').body, limit);
      expect(held.large).to.equal(large);
      expect(await read(held.body)).to.equal('abcdef');
    }
  });

  it('takes an empty body', async () => {
    const held = await holdBack(counted().body, 0);
    expect(held.large).to.equal(false);
    expect(await read(held.body)).to.equal('');
  });

  it('reads no further than it must', async () => {
    const { body, seen } = counted('ab', 'cd', 'ef', 'gh');
    expect((await holdBack(body, 3)).large).to.equal(true);
    expect(seen.asked).to.equal(2);
  });

  it('leaves the body where its reader does', async () => {
    const { body, seen } = counted('ab', 'cd', 'ef');
    const held = await holdBack(body, 3);
    for await (const _ of held.body) break;
    expect(seen.left).to.equal(true);
  });
});
