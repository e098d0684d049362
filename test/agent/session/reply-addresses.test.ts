import { expect } from 'chai';
import { addressed, createReplyAddresses, readdressed, roomInPart } from '../../../agent/session/reply-addresses.ts';
import { decodeAgentMessage, encode } from '../../../src/protocol/codec.ts';
import { MAX_PARTS, MESSAGE_BYTES, PART_BYTES } from '../../../src/protocol/limits.ts';
import type { HttpResponse, ResponsePart } from '../../../src/protocol/messages.ts';
import { SESSION } from '../support/exchange-run.ts';

const HEAD: HttpResponse = {
  type: 'http_response',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  status: 200,
  headers: [['x', 'y']],
  body: Buffer.from('body'),
  processingTimeMs: 3,
  more: true,
  sessionId: SESSION,
};
const LONGEST = 'r'.repeat(256);

function part(bytes: number): ResponsePart {
  return {
    type: 'response_part',
    requestId: HEAD.requestId,
    part: MAX_PARTS,
    body: Buffer.alloc(bytes, 1),
    totalBytes: 200_000_000,
    sha256: 's'.repeat(43),
    sessionId: SESSION,
  };
}

describe('reply addresses', () => {
  it('are the newest that was said of an exchange, and none where none was said last', () => {
    const replies = createReplyAddresses();
    expect(replies.of('a')).to.equal(undefined);
    replies.set('a', 'one');
    replies.set('b', 'other');
    replies.set('a', 'two');
    expect([replies.of('a'), replies.of('b')]).to.deep.equal(['two', 'other']);
    replies.set('a', undefined);
    expect([replies.of('a'), replies.of('b')]).to.deep.equal([undefined, 'other']);
  });

  it('outlive an exchange, and change while it runs', () => {
    const replies = createReplyAddresses();
    replies.set('a', 'one');
    replies.hold('a');
    expect(replies.of('a')).to.equal('one');
    replies.set('a', 'two');
    expect(replies.of('a')).to.equal('two');
    replies.set('a', undefined);
    expect(replies.of('a')).to.equal(undefined);
    replies.set('a', 'three');
    replies.release('a');
    expect(replies.of('a')).to.equal('three');
  });

  it('forget the oldest, but none that runs', () => {
    const replies = createReplyAddresses(2);
    replies.set('runs', 'r');
    replies.hold('runs');
    for (const id of ['a', 'b', 'c']) replies.set(id, id);
    expect(['runs', 'a', 'b', 'c'].map(replies.of)).to.deep.equal(['r', undefined, 'b', 'c']);
    replies.set('b', 'newer');
    replies.set('d', 'd');
    expect(['b', 'c', 'd'].map(replies.of)).to.deep.equal(['newer', undefined, 'd']);
    replies.release('runs');
    expect(['runs', 'b', 'd'].map(replies.of)).to.deep.equal(['r', undefined, 'd']);
  });

  it('stand in the message, in place of another', () => {
    expect(decodeAgentMessage(addressed(HEAD, 'here'))).to.deep.equal({ ...HEAD, replyTo: 'here' });
    expect(decodeAgentMessage(addressed({ ...HEAD, replyTo: 'there' }, 'here'))).to.deep.equal({
      ...HEAD,
      replyTo: 'here',
    });
    expect(addressed({ ...HEAD, replyTo: 'there' }, undefined)).to.equal(encode(HEAD));
  });

  it('are changed in what was said before', () => {
    for (const message of [
      HEAD,
      part(1_000),
      { type: 'error', requestId: HEAD.requestId, code: 'timeout', message: 'why', sessionId: SESSION },
      { type: 'accepted', requestId: HEAD.requestId, sessionId: SESSION },
    ] as const) {
      const said = addressed(message, 'there');
      expect(readdressed(said, 'here')).to.equal(addressed(message, 'here'));
      expect(readdressed(said, undefined)).to.equal(encode(message));
    }
    expect(() => readdressed('{}', 'here')).to.throw('no answer');
  });

  it('leave a full part to the table that was cut before they came', () => {
    const full = part(PART_BYTES);
    expect(addressed(full, LONGEST)).to.equal(encode(full));
    expect(decodeAgentMessage(addressed(full, 'short'))).to.include({ replyTo: 'short' });
  });

  it('have room beside every part that is cut after they came', () => {
    expect(roomInPart(HEAD)).to.equal(PART_BYTES);
    expect(roomInPart({ ...HEAD, replyTo: 'short' })).to.equal(PART_BYTES);
    for (const replyTo of [LONGEST, '"'.repeat(256), LONGEST.slice(2)]) {
      const room = roomInPart({ ...HEAD, replyTo });
      expect(room % 3).to.equal(0);
      expect(room).to.be.within(PART_BYTES - 600, PART_BYTES - 1);
      const text = addressed(part(room), replyTo);
      expect(Buffer.byteLength(text)).to.be.at.most(MESSAGE_BYTES);
      expect(JSON.parse(text)).to.include({ reply_to: replyTo });
    }
  });
});
