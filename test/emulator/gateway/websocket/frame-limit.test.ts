import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { createFrameLimit } from '../../../../emulator/gateway/websocket/frame-limit.ts';
import { CONTINUATION, frame, PING, slices, TEXT } from './frames.ts';

/** Not in the package's types. */
const Receiver: new (options: object) => Writable = createRequire(import.meta.url)('ws').Receiver;

const FRAME_BYTES = 1_000;
const MESSAGE_BYTES = 2_500;

function scanAll(parts: Buffer[]) {
  const limit = createFrameLimit(FRAME_BYTES, MESSAGE_BYTES);
  const broken = parts.map((part) => limit.scan(part)).find((result) => result !== undefined);
  return { broken, complete: limit.completeMessages() };
}

describe('frame limit', () => {
  it('passes frames up to the limit and counts their messages (WS-41)', () => {
    expect(scanAll([frame(1_000), frame(0), frame(125), frame(126)])).to.deep.equal({ broken: undefined, complete: 4 });
  });

  it('reports a frame over the limit at its header, not at its end (WS-41)', () => {
    const limit = createFrameLimit(FRAME_BYTES, MESSAGE_BYTES);
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
        expect(scanAll(slices(stream, cuts))).to.deep.equal(scanAll([stream]));
      }),
    );
  });

  it('counts the very messages that ws delivers, and breaks where ws would, however the bytes are cut (WS-41, WS-42)', () => {
    const message = fc.array(fc.integer({ min: 0, max: FRAME_BYTES }), { minLength: 1, maxLength: 5 });
    const pings = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), pings, cuts, (messages, pinging, sizes) => {
        const frames = messages.flatMap((lengths) =>
          lengths.flatMap((length, at) => {
            const opcode = at === 0 ? TEXT : CONTINUATION;
            const part = frame(length, { opcode, fin: at === lengths.length - 1 });
            return pinging[at % pinging.length] ? [frame(3, { opcode: PING }), part] : [part];
          }),
        );
        const parts = slices(Buffer.concat(frames), sizes);
        const { broken, complete } = scanAll(parts);
        const { delivered, error } = receive(parts);
        expect(complete).to.equal(delivered);
        expect(broken).to.equal(error === undefined ? undefined : 'message');
      }),
    );
  });

  it('survives any bytes, and sees the same in them however they are cut', () => {
    const bytes = fc.uint8Array({ maxLength: 5_000 });
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (given, cuts) => {
        const stream = Buffer.from(given);
        expect(scanAll(slices(stream, cuts))).to.deep.equal(scanAll([stream]));
      }),
    );
  });
});

/** What ws's own parser makes of a stream: whole messages, and the error that ended it. */
function receive(parts: readonly Buffer[]): { delivered: number; error: string | undefined } {
  const receiver = new Receiver({ isServer: true, maxPayload: MESSAGE_BYTES });
  let delivered = 0;
  let error: string | undefined;
  receiver.on('message', () => {
    delivered += 1;
  });
  receiver.on('error', (reason: Error & { code?: string }) => {
    error = reason.code;
  });
  for (const part of parts) {
    // As the socket does it, which is taken off the parser by the parser's error.
    if (receiver.errored === null) receiver.write(part);
  }
  return { delivered, error: error ?? receiver.errored?.message };
}
