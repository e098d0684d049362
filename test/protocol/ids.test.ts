import { expect } from 'chai';
import fc from 'fast-check';
import { isTunnelId, randomTunnelId } from '../../src/protocol/ids.ts';

describe('randomTunnelId', () => {
  it('is twelve of a-z and 0-9, and an id that could be asked for', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat({ max: 255 })), (stream) => {
        const id = randomTunnelId((count) => Uint8Array.from(stream.take(count)));
        expect(id).to.match(/^[a-z0-9]{12}$/);
        expect(isTunnelId(id)).to.equal(true);
      }),
    );
  });

  it('makes every letter of equally many bytes, and none of the bytes that are left over', () => {
    const bytesOfLetter = new Map<string, number>();
    const thrownAway: number[] = [];
    for (let byte = 0; byte < 256; byte += 1) {
      let calls = 0;
      const id = randomTunnelId((count) => {
        calls += 1;
        return new Uint8Array(count).fill(calls === 1 ? byte : 0);
      });
      if (calls > 1) thrownAway.push(byte);
      else bytesOfLetter.set(id, (bytesOfLetter.get(id) ?? 0) + 1);
    }
    expect(thrownAway).to.deep.equal([252, 253, 254, 255]);
    expect(bytesOfLetter.size).to.equal(36);
    expect(new Set(bytesOfLetter.values())).to.deep.equal(new Set([7]));
  });
});

describe('isTunnelId', () => {
  const ids = ['abc', 'abc123def456', '012', 'blue-harbour', 'a--b', 'xn--bcher-kva', 'a'.repeat(63)];
  const others = [
    '',
    'a',
    'ab',
    '-ab',
    'ab-',
    'ABC',
    'a.b',
    'a_b',
    'abc\n',
    ' abc',
    'a%20b',
    'äbc',
    '#stack-key',
    'a'.repeat(64),
  ];

  for (const id of ids) it(`accepts ${id}`, () => expect(isTunnelId(id)).to.equal(true));
  for (const id of others) it(`refuses ${JSON.stringify(id)}`, () => expect(isTunnelId(id)).to.equal(false));
});
