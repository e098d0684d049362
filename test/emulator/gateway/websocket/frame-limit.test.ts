import { expect } from 'chai';
import fc from 'fast-check';
import { createFrameLimit } from '../../../../emulator/gateway/websocket/frame-limit.ts';

const TEXT = 1;
const CONTINUATION = 0;
const PING = 9;

function frame(length: number, { opcode = TEXT, fin = true, masked = true } = {}): Buffer {
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const extended = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) extended.writeUInt16BE(length);
  if (short === 127) extended.writeBigUInt64BE(BigInt(length));
  const start = Buffer.from([(fin ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | short]);
  return Buffer.concat([start, extended, Buffer.alloc(masked ? 4 : 0), Buffer.alloc(length, 0xff)]);
}

function scanAll(slices: Buffer[]) {
  const limit = createFrameLimit(1_000, 2_500);
  const broken = slices.map((slice) => limit.scan(slice)).find((result) => result !== undefined);
  return { broken, complete: limit.completeMessages() };
}

describe('frame limit', () => {
  it('passes frames up to the limit and counts their messages (WS-41)', () => {
    expect(scanAll([frame(1_000), frame(0), frame(125), frame(126)])).to.deep.equal({ broken: undefined, complete: 4 });
  });

  it('reports a frame over the limit at its header, not at its end (WS-41)', () => {
    const limit = createFrameLimit(1_000, 2_500);
    const large = frame(1_001);
    expect(limit.scan(large.subarray(0, 7))).to.equal(undefined);
    expect(limit.scan(large.subarray(7, 8))).to.equal('frame');
  });

  it('counts only what came whole before the offending frame', () => {
    expect(scanAll([Buffer.concat([frame(10), frame(20), frame(1_001), frame(10)])])).to.deep.equal({
      broken: 'frame',
      complete: 2,
    });
  });

  it('adds up fragments, whatever control frames stand between them (WS-42)', () => {
    const first = frame(1_000, { fin: false });
    const next = frame(1_000, { opcode: CONTINUATION, fin: false });
    const ping = frame(100, { opcode: PING });
    const last = frame(500, { opcode: CONTINUATION });
    expect(scanAll([first, ping, next, ping, last, last])).to.deep.equal({ broken: undefined, complete: 2 });
    expect(scanAll([first, ping, next, frame(501, { opcode: CONTINUATION })]).broken).to.equal('message');
  });

  it('reads lengths of 64 bits', () => {
    expect(createFrameLimit(100_000, 200_000).scan(frame(70_000))).to.equal(undefined);
    expect(createFrameLimit(60_000, 200_000).scan(frame(70_000).subarray(0, 14))).to.equal('frame');
    const endless = Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
    expect(createFrameLimit(60_000, 200_000).scan(endless)).to.equal('frame');
  });

  it('sees the same however the bytes are cut', () => {
    const frames = fc.array(
      fc.record({ length: fc.integer({ min: 0, max: 1_200 }), fin: fc.boolean(), masked: fc.boolean() }),
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (specs, cuts) => {
        const stream = Buffer.concat(specs.map(({ length, ...how }) => frame(length, how)));
        const slices: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const step = cuts[turn % cuts.length] ?? 1;
          slices.push(stream.subarray(at, at + step));
          at += step;
        }
        expect(scanAll(slices)).to.deep.equal(scanAll([stream]));
      }),
    );
  });
});
