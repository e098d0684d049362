import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { encode } from '../../src/protocol/codec.ts';
import { MAX_PARTS, MESSAGE_BYTES, PART_BYTES } from '../../src/protocol/limits.ts';
import type { HeaderPair, HttpRequest } from '../../src/protocol/messages.ts';
import type { Slice } from '../../src/protocol/parts.ts';
import { createPartJoiner, roomBeside, splitRequest } from '../../src/protocol/parts.ts';

/** As good as any for a test. */
function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

const UNLIMITED = 1_000_000_000;

function request(body: Uint8Array, headers: readonly HeaderPair[] = []): HttpRequest {
  return {
    type: 'http_request',
    requestId: '0b8f6c52-93d1-4e07-9c2a-7f1d5be0a364',
    method: 'POST',
    uri: '/',
    headers,
    body,
    timestamp: 1_761_400_000_000,
    more: false,
    timeoutMs: 27_500,
    maxResponseBytes: 6_291_556,
  };
}

/** Bytes of which no two parts are alike. */
function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at ^ (at >>> 8) ^ (at >>> 16)) & 0xff);
}

function slicesOf(messages: NonNullable<ReturnType<typeof splitRequest>>): Slice[] {
  return messages.map((message) =>
    message.type === 'http_request'
      ? { part: 0, body: message.body, ...(!message.more && { totalBytes: message.body.length }) }
      : message,
  );
}

function joined(slices: readonly Slice[]) {
  const joiner = createPartJoiner(UNLIMITED, sha256);
  return slices.map((slice) => joiner.add(slice)).at(-1);
}

function split(whole: HttpRequest) {
  const messages = splitRequest(whole, sha256);
  if (!messages) throw new Error('the head alone is too large');
  return messages;
}

describe('splitRequest', () => {
  const bodyAndHead = fc.record({
    length: fc.oneof(fc.nat({ max: 400_000 }), fc.integer({ min: 95_000, max: 97_000 })),
    headers: fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 2_000 })), {
      maxLength: 20,
    }),
  });

  it('gives messages that fit, and of which the body can be made again in any order, some of them twice', () => {
    const cases = bodyAndHead.chain(({ length, headers }) => {
      const whole = request(bytes(length), headers);
      const messages = split(whole);
      const order = fc.shuffledSubarray(slicesOf(messages), { minLength: messages.length });
      return fc.record({
        whole: fc.constant(whole),
        messages: fc.constant(messages),
        order: fc.tuple(fc.subarray(slicesOf(messages)), order).map(([early, all]) => [...early, ...all]),
      });
    });
    fc.assert(
      fc.property(cases, ({ whole, messages, order }) => {
        expect(messages).to.not.have.lengthOf(0);
        for (const message of messages) expect(Buffer.byteLength(encode(message))).to.be.at.most(MESSAGE_BYTES);
        const result = joined(order);
        if (result?.kind !== 'complete') return expect.fail(result?.kind);
        expect(Buffer.compare(result.body, whole.body)).to.equal(0);
      }),
      { numRuns: 40 },
    );
  });

  it('sends what fits as one message, byte for byte up to the room beside the head', () => {
    const room = roomBeside(request(new Uint8Array(0)));
    expect(splitRequest(request(bytes(room)), sha256)).to.have.lengthOf(1);
    expect(splitRequest(request(bytes(room + 1)), sha256)).to.have.lengthOf(2);
  });

  it('says the length on the last part alone', () => {
    const messages = split(request(bytes(PART_BYTES * 3)));
    const totals = slicesOf(messages).map(({ totalBytes }) => totalBytes);
    expect(totals).to.deep.equal([undefined, undefined, PART_BYTES * 3]);
  });

  it('refuses a head that no message can carry', () => {
    const headers: HeaderPair[] = [['x-long', 'x'.repeat(MESSAGE_BYTES)]];
    expect(splitRequest(request(new Uint8Array(0), headers), sha256)).to.equal(undefined);
  });
});

describe('roomBeside', () => {
  it('fills a message and never more, however large the head', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 130_000 }), fc.string({ unit: 'binary' }), (length, odd) => {
        const head = request(new Uint8Array(0), [['x-long', odd + 'x'.repeat(length)]]);
        const room = roomBeside(head);
        expect(room % 3).to.equal(0);
        expect(room).to.be.at.most(PART_BYTES);
        const message = encode({ ...head, body: bytes(room), more: true });
        expect(Buffer.byteLength(message)).to.be.at.most(MESSAGE_BYTES);
        if (room < PART_BYTES) expect(Buffer.byteLength(message)).to.be.greaterThan(MESSAGE_BYTES - 4);
      }),
      { numRuns: 50 },
    );
  });

  it('is negative beside a head that is too large by itself', () => {
    expect(roomBeside(request(new Uint8Array(0), [['x-long', 'x'.repeat(MESSAGE_BYTES)]]))).to.be.lessThan(0);
  });
});

describe('createPartJoiner', () => {
  it('breaks where the bytes are not those of the hash that was said', () => {
    const joiner = createPartJoiner(UNLIMITED, sha256);
    joiner.add({ part: 0, body: Buffer.from('one ') });
    const said = { part: 1, body: Buffer.from('two'), totalBytes: 7 };
    expect(joiner.add({ ...said, sha256: sha256(Buffer.from('one too')) })).to.include({ kind: 'broken' });
    const other = createPartJoiner(UNLIMITED, sha256);
    other.add({ part: 0, body: Buffer.from('one ') });
    expect(other.add({ ...said, sha256: sha256(Buffer.from('one two')) })).to.include({ kind: 'complete' });
  });

  it('says what it has without a gap, and what beyond it', () => {
    const joiner = createPartJoiner(UNLIMITED, sha256);
    for (const part of [0, 1, 5, 3]) joiner.add({ part, body: new Uint8Array(10) });
    expect(joiner.contiguousBytes()).to.equal(20);
    expect(joiner.firstMissing()).to.equal(2);
    expect(joiner.seenBeyond()).to.deep.equal([3, 5]);
    joiner.add({ part: 2, body: new Uint8Array(10) });
    expect(joiner.contiguousBytes()).to.equal(40);
    expect(joiner.seenBeyond()).to.deep.equal([5]);
  });

  const one = Uint8Array.of(1);

  it('has an empty body at once', () => {
    expect(joined([{ part: 0, body: new Uint8Array(0), totalBytes: 0 }])?.kind).to.equal('complete');
  });

  it('names the lowest part that is missing', () => {
    const joiner = createPartJoiner(UNLIMITED, sha256);
    const missing = [0, 2, 1, 1, 4].map((part) => {
      joiner.add({ part, body: one });
      return joiner.firstMissing();
    });
    expect(missing).to.deep.equal([1, 1, 3, 3, 3]);
  });

  it('keeps the first of two parts with one number', () => {
    const result = joined([
      { part: 0, body: one },
      { part: 0, body: Uint8Array.of(7) },
      { part: 1, body: one, totalBytes: 2 },
    ]);
    expect(result).to.deep.equal({ kind: 'complete', body: Uint8Array.of(1, 1) });
  });

  it('breaks where the length that was said is not the length that came', () => {
    for (const totalBytes of [1, 3]) {
      const result = joined([
        { part: 0, body: one },
        { part: 1, body: one, totalBytes },
      ]);
      expect(result?.kind, String(totalBytes)).to.equal('broken');
    }
  });

  it('breaks at a part after the last, whichever came first', () => {
    const last: Slice = { part: 1, body: one, totalBytes: 2 };
    const after: Slice = { part: 2, body: one };
    expect(joined([last, after])?.kind).to.equal('broken');
    expect(joined([after, last])?.kind).to.equal('broken');
  });

  it('breaks at a number beyond the last possible, so that what it holds is bounded', () => {
    expect(joined([{ part: MAX_PARTS, body: one }])?.kind).to.equal('incomplete');
    expect(joined([{ part: MAX_PARTS + 1, body: one }])?.kind).to.equal('broken');
  });

  it('stops at the limit: by what came, and before it by what was said', () => {
    const joiner = createPartJoiner(2, sha256);
    expect(joiner.add({ part: 0, body: Uint8Array.of(1, 2) }).kind).to.equal('incomplete');
    expect(joiner.add({ part: 1, body: one }).kind).to.equal('too-large');
    expect(createPartJoiner(2, sha256).add({ part: 9, body: one, totalBytes: 3 }).kind).to.equal('too-large');
  });
});
