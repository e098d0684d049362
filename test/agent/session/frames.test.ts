import { expect } from 'chai';
import fc from 'fast-check';
import { splitFrames } from '../../../agent/session/frames.ts';
import { FRAME_BYTES } from '../../../src/protocol/limits.ts';

describe('splitFrames', () => {
  it('keeps every frame below the gateway’s limit and loses nothing (WS-41)', () => {
    const frames = splitFrames('x'.repeat(100_000));
    expect(frames.map(({ bytes }) => bytes.length)).to.deep.equal([32_000, 32_000, 32_000, 4_000]);
    expect(frames.map(({ last }) => last)).to.deep.equal([false, false, false, true]);
    for (const { bytes } of frames) expect(bytes.length).to.be.at.most(FRAME_BYTES);
  });

  it('sends one frame where one is enough', () => {
    expect(splitFrames('x'.repeat(32_000))).to.have.length(1);
    expect(splitFrames('')).to.deep.equal([{ bytes: Buffer.alloc(0), last: true }]);
  });

  it('tears no character, whatever its length', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 4, max: 20 }), (text, size) => {
        const frames = splitFrames(text, size);
        expect(frames.map(({ bytes }) => decoder.decode(bytes)).join('')).to.equal(text);
        for (const { bytes } of frames) expect(bytes.length).to.be.at.most(size);
      }),
      { seed: 7 },
    );
  });
});
