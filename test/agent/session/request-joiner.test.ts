import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRequestJoiner, type Joined, type JoinerLimits } from '../../../agent/session/request-joiner.ts';
import type { HttpRequest, RequestPart } from '../../../src/protocol/messages.ts';
import { splitRequest } from '../../../src/protocol/parts.ts';
import { createManualClock } from '../support/manual-clock.ts';

const LIMITS: JoinerLimits = { requestBytes: 1_000_000, heldBytes: 2_000_000, requests: 2, ms: 30_000 };

function request(requestId: string, body: Uint8Array, more = false): HttpRequest {
  return {
    type: 'http_request',
    requestId,
    method: 'POST',
    uri: '/x?y=%20',
    headers: [['host', 'a']],
    body,
    timestamp: 1,
    more,
  };
}

function part(requestId: string, number: number, text: string, totalBytes?: number): RequestPart {
  return {
    type: 'request_part',
    requestId,
    part: number,
    body: Buffer.from(text),
    ...(totalBytes !== undefined && { totalBytes }),
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

describe('request joiner', () => {
  it('passes a whole request on as it is', () => {
    const whole = request('a', Buffer.from('hi'));
    expect(createRequestJoiner(createManualClock()).head(whole)).to.deep.equal({ kind: 'whole', request: whole });
  });

  it('joins parts in any order, with repeats, also before their head (WS-44, WS-45)', () => {
    const body = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
    const messages = splitRequest(request('a', body), sha256) ?? [];
    expect(messages).to.have.length(4);
    const order = fc
      .array(fc.nat(3), { maxLength: 6 })
      .chain((repeats) => fc.shuffledSubarray([0, 1, 2, 3, ...repeats], { minLength: 4 + repeats.length }));
    fc.assert(
      fc.property(order, (indexes) => {
        const joiner = createRequestJoiner(createManualClock(), LIMITS);
        let whole: Joined | undefined;
        for (const index of indexes) {
          if (whole) continue;
          const message = messages[index];
          if (!message) throw new Error('no such message');
          const joined = message.type === 'http_request' ? joiner.head(message) : joiner.part(message);
          if (joined.kind !== 'waiting') whole = joined;
        }
        expect(whole?.kind).to.equal('whole');
        if (whole?.kind !== 'whole') return;
        expect(Buffer.from(whole.request.body).equals(body)).to.equal(true);
        expect({ ...whole.request, body: '' }).to.deep.equal({ ...request('a', body), body: '' });
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('says what can never be whole', () => {
    const joiner = createRequestJoiner(createManualClock(), { ...LIMITS, requestBytes: 3 });
    joiner.head(request('a', Buffer.from('ab'), true));
    expect(joiner.part(part('a', 1, 'cd', 4)).kind).to.equal('hopeless');
    joiner.head(request('b', Buffer.from('a'), true));
    expect(joiner.part(part('b', 1, 'b', 3)).kind).to.equal('hopeless');
  });

  it('holds so many requests and bytes and no more', () => {
    const joiner = createRequestJoiner(createManualClock(), { ...LIMITS, heldBytes: 10 });
    expect(joiner.part(part('a', 1, '12345')).kind).to.equal('waiting');
    expect(joiner.part(part('b', 1, '1')).kind).to.equal('waiting');
    expect(joiner.part(part('c', 1, '1')).kind).to.equal('hopeless');
    expect(joiner.part(part('a', 2, '12345')).kind).to.equal('hopeless');
    expect(joiner.part(part('c', 1, '123456789')).kind).to.equal('waiting');
  });

  it('forgets what stays incomplete, and leaves no timer behind', () => {
    const clock = createManualClock();
    const joiner = createRequestJoiner(clock, LIMITS);
    joiner.part(part('a', 1, 'b', 2));
    clock.advance(30_000);
    expect(clock.pending()).to.equal(0);
    expect(joiner.head(request('a', Buffer.from('a'), true)).kind).to.equal('waiting');
    expect(joiner.part(part('a', 1, 'b', 2)).kind).to.equal('whole');
    joiner.part(part('b', 1, 'b', 2));
    joiner.close();
    expect(clock.pending()).to.equal(0);
  });

  it('waits longer for a door that does', () => {
    const clock = createManualClock();
    const joiner = createRequestJoiner(clock, LIMITS);
    joiner.part(part('a', 1, 'b', 2));
    joiner.head({ ...request('a', Buffer.from('a'), true), body: Buffer.from(''), timeoutMs: 1_000 });
    const slow = { ...request('b', Buffer.from('a'), true), timeoutMs: 900_000 };
    joiner.head(slow);
    clock.advance(30_000);
    expect(joiner.incomplete()).to.deep.equal(['b']);
    clock.advance(869_999);
    joiner.head(slow);
    clock.advance(1);
    expect(joiner.incomplete(), 'which has just begun anew').to.deep.equal(['b']);
    expect(joiner.part(part('b', 1, 'b', 2)).kind).to.equal('whole');
    expect(clock.pending()).to.equal(0);
  });
});
