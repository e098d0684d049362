import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { type AnswerPart, splitAnswer } from '../../../agent/session/split-answer.ts';
import { encode } from '../../../src/protocol/codec.ts';
import { MESSAGE_BYTES, PART_BYTES } from '../../../src/protocol/limits.ts';
import type { HeaderPair, HttpResponse } from '../../../src/protocol/messages.ts';
import { roomBeside } from '../../../src/protocol/parts.ts';

const SIGNATURE = { sessionId: 's'.repeat(22) };

function headWith(headers: HeaderPair[] = []): HttpResponse {
  return {
    type: 'http_response',
    requestId: '550e8400-e29b-41d4-a716-446655440000',
    status: 200,
    headers,
    body: new Uint8Array(0),
    processingTimeMs: 1,
    more: false,
    encoding: 'br',
    ...SIGNATURE,
  };
}

async function* cut(body: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield body.subarray(at, at + size);
    at += size;
  }
  yield body.subarray(at);
}

async function split(head: HttpResponse, body: Uint8Array, sizes: readonly number[] = []): Promise<AnswerPart[]> {
  const parts: AnswerPart[] = [];
  for await (const part of splitAnswer(head, cut(body, sizes), SIGNATURE)) parts.push(part);
  return parts;
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

describe('splitAnswer', () => {
  it('says a body that fits in one message, without length or hash', async () => {
    for (const length of [0, 1, roomBeside(headWith())]) {
      const body = bytesOf(length);
      const [only, ...others] = await split(headWith(), body);
      expect(others).to.deep.equal([]);
      expect(only).to.include({ part: 0, size: length });
      expect(only?.message).to.include({ type: 'http_response', more: false });
      expect(only?.message).to.not.have.any.keys('totalBytes', 'sha256');
      expect(Buffer.compare(only?.message.body ?? bytesOf(9), body)).to.equal(0);
    }
  });

  it('says length and hash with the last part alone, and its session with each', async () => {
    const body = bytesOf(PART_BYTES * 2 + 1);
    const parts = await split(headWith(), body);
    expect(parts.map(({ part }) => part)).to.deep.equal([0, 1, 2]);
    expect(parts.map(({ message }) => message.sessionId)).to.deep.equal(Array(3).fill(SIGNATURE.sessionId));
    expect(parts[0]?.message).to.include({ type: 'http_response', more: true, encoding: 'br' });
    expect(parts[1]?.message).to.not.have.any.keys('totalBytes', 'sha256');
    expect(parts[2]?.message).to.deep.include({
      type: 'response_part',
      totalBytes: body.length,
      sha256: createHash('sha256').update(body).digest('base64url'),
    });
  });

  it('fills messages and never overfills one, however the body comes and however large the head is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(400_000),
        fc.array(fc.nat(150_000), { maxLength: 5 }),
        fc.nat(100_000),
        async (length, sizes, headBytes) => {
          const head = headWith([['x', 'é'.repeat(headBytes / 2)]]);
          const body = bytesOf(length);
          const parts = await split(head, body, sizes);
          for (const { message, size } of parts) {
            expect(Buffer.byteLength(encode(message))).to.be.at.most(MESSAGE_BYTES);
            expect(size).to.equal(message.body.length);
          }
          const full = [roomBeside(head), ...parts.slice(1).map(() => PART_BYTES)].slice(0, parts.length - 1);
          expect(parts.slice(0, -1).map(({ size }) => size)).to.deep.equal(full);
          const joined = Buffer.concat(parts.map(({ message }) => message.body));
          expect(Buffer.compare(joined, body)).to.equal(0);
        },
      ),
      { seed: 7, numRuns: 40 },
    );
  });

  it('leaves the body where its reader leaves it, and fails where the body does', async () => {
    let left = false;
    async function* endless() {
      try {
        for (;;) yield bytesOf(PART_BYTES);
      } finally {
        left = true;
      }
    }
    for await (const { part } of splitAnswer(headWith(), endless(), SIGNATURE)) if (part === 2) break;
    expect(left).to.equal(true);
    async function* failing() {
      yield bytesOf(PART_BYTES * 2);
      throw new Error('socket hang up');
    }
    const said: number[] = [];
    const error = await (async () => {
      for await (const { part } of splitAnswer(headWith(), failing(), SIGNATURE)) said.push(part);
    })().catch((thrown: Error) => thrown.message);
    expect(error).to.equal('socket hang up');
    expect(said, 'no last part').to.deep.equal([0]);
  });
});
