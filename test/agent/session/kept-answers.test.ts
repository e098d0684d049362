import { expect } from 'chai';
import { createKeptAnswers, ERROR_PART, type SaidMessage } from '../../../agent/session/kept-answers.ts';
import { createManualClock } from '../support/manual-clock.ts';

const texts = (said: readonly SaidMessage[]) => said.map(({ text }) => text);

/** Parts of ten bytes of body each, which as texts have three characters: `a0 `, `a1 `. */
function start(limits?: { readonly bytes: number; readonly ms: number }) {
  const clock = createManualClock();
  const kept = createKeptAnswers(clock, limits);
  const keep = (requestId: string, ...parts: number[]) => {
    for (const part of parts) {
      kept.keep({ requestId, part, endBytes: (part + 1) * 10, text: `${requestId}${part} `, replyTo: undefined });
    }
  };
  const fail = (requestId: string, endBytes: number) =>
    kept.keep({ requestId, part: ERROR_PART, endBytes, text: 'error', replyTo: undefined });
  const missing = (requestId: string, from = 0, ...seen: number[]) =>
    texts(kept.missing(requestId, from, seen))
      .join('')
      .trim();
  return { clock, kept, keep, fail, missing };
}

describe('kept answers', () => {
  it('say what was said from a part on, but for what was seen', () => {
    const { keep, missing } = start();
    keep('a', 0, 1, 2, 3);
    keep('b', 0);
    expect(missing('a')).to.equal('a0 a1 a2 a3');
    expect(missing('a', 1, 2)).to.equal('a1 a3');
    expect(missing('a', 4)).to.equal('');
    expect(missing('b')).to.equal('b0');
  });

  it('say an error whatever was seen', () => {
    const { kept, keep, fail, missing } = start();
    keep('a', 0, 1);
    fail('a', 20);
    expect(missing('a', 2)).to.equal('error');
    kept.confirm('a', 1_000);
    expect(missing('a'), 'no credit says that it arrived').to.equal('error');
  });

  it('know nothing of others', () => {
    const { kept, missing } = start();
    expect(kept.holds('a', 0)).to.equal(false);
    expect(missing('a')).to.equal('');
    expect(() => kept.confirm('a', 10)).not.to.throw();
  });

  it('forget what has arrived, and know that it has', () => {
    const { kept, keep, missing } = start();
    keep('a', 0, 1, 2);
    kept.confirm('a', 19);
    expect(missing('a')).to.equal('a1 a2');
    kept.confirm('a', 30);
    expect(missing('a')).to.equal('');
    expect(kept.holds('a', 0)).to.equal(true);
  });

  it('forget what the edge has, and have room for others', () => {
    const { kept, keep, missing } = start({ bytes: 9, ms: 60_000 });
    keep('a', 0, 1);
    keep('b', 0);
    kept.forget('b');
    keep('c', 0);
    expect([missing('a'), missing('b'), missing('c')]).to.deep.equal(['a0 a1', '', 'c0']);
    kept.forget('unknown');
    keep('d', 0);
    expect([missing('a'), missing('c'), missing('d')]).to.deep.equal(['', 'c0', 'd0']);
  });

  it('tell what can be said again, or need not be', () => {
    const { kept, keep, fail } = start();
    const held = (...parts: number[]) => parts.map((part) => kept.holds('a', part));
    expect(held(0)).to.deep.equal([false]);
    keep('a', 0, 1, 2);
    expect(held(0, 1, 2, 3)).to.deep.equal([true, true, true, false]);
    kept.confirm('a', 20);
    expect(held(0, 1, 2, 3), 'those that arrived too').to.deep.equal([true, true, true, false]);
    fail('a', 20);
    expect(held(3), 'there will be no more').to.deep.equal([true]);
  });

  it('do not hold what was forgotten for want of room', () => {
    const { kept, keep } = start({ bytes: 9, ms: 60_000 });
    keep('a', 0, 1);
    keep('b', 0, 1);
    keep('a', 2);
    expect([0, 1, 2].map((part) => kept.holds('a', part))).to.deep.equal([false, false, true]);
  });

  it('hold so many characters, and forget the oldest exchange first, whole', () => {
    const { kept, keep, missing } = start({ bytes: 12, ms: 60_000 });
    keep('a', 0, 1);
    keep('b', 0, 1);
    expect(missing('a')).to.equal('a0 a1');
    keep('b', 2);
    expect([kept.holds('a', 0), missing('b')]).to.deep.equal([false, 'b0 b1 b2']);
  });

  it('count a part once that is kept twice, and not what has arrived', () => {
    const { kept, keep, missing } = start({ bytes: 12, ms: 60_000 });
    keep('a', 0);
    for (let time = 0; time < 9; time += 1) keep('b', 0, 1, 2);
    expect(missing('a')).to.equal('a0');
    kept.confirm('b', 20);
    keep('c', 0, 1);
    expect(missing('a') + missing('b') + missing('c')).to.equal('a0b2c0 c1');
    keep('c', 2);
    expect(kept.holds('a', 0)).to.equal(false);
  });

  it('keep nothing longer than their time', () => {
    const { clock, kept, keep } = start({ bytes: 1_000, ms: 60_000 });
    keep('a', 0);
    clock.advance(59_999);
    keep('b', 0);
    expect(kept.holds('a', 0)).to.equal(true);
    clock.advance(1);
    keep('a', 1);
    expect([kept.holds('a', 0), kept.holds('b', 0)], 'by its first part').to.deep.equal([false, true]);
  });

  it('give what was said lately, each message once', () => {
    const { clock, kept, keep } = start();
    keep('a', 0);
    clock.advance(2_000);
    keep('a', 1);
    keep('b', 0);
    clock.advance(1_001);
    expect(texts(kept.takeLatest(3_000))).to.deep.equal(['a1 ', 'b0 ']);
    expect(texts(kept.takeLatest(3_000))).to.deep.equal([]);
    keep('b', 1);
    expect(texts(kept.takeLatest(3_000))).to.deep.equal(['b1 ']);
  });

  describe('of an exchange that runs in a window', () => {
    it('do not age until it has ended, and then as others do', () => {
      const { clock, kept, keep, missing } = start({ bytes: 1_000, ms: 60_000 });
      kept.hold('a');
      keep('a', 0, 1);
      clock.advance(600_000);
      keep('b', 0);
      expect(missing('a')).to.equal('a0 a1');
      kept.release('a');
      clock.advance(59_999);
      keep('c', 0);
      expect(missing('a')).to.equal('a0 a1');
      clock.advance(1);
      keep('c', 1);
      expect(missing('a')).to.equal('');
    });

    it('give way where there is no room, after all others', () => {
      const { kept, keep, missing } = start({ bytes: 12, ms: 60_000 });
      kept.hold('a');
      keep('a', 0, 1);
      keep('b', 0, 1);
      keep('c', 0, 1);
      expect(missing('a') + missing('b') + missing('c')).to.equal('a0 a1c0 c1');
      kept.hold('d');
      keep('d', 0, 1, 2);
      expect(kept.holds('a', 0)).to.equal(false);
      expect(missing('d')).to.equal('d0 d1 d2');
    });

    it('know what has arrived, before and after its end', () => {
      const { kept, keep, missing } = start();
      kept.hold('a');
      keep('a', 0, 1, 2);
      kept.confirm('a', 20);
      expect(missing('a')).to.equal('a2');
      kept.release('a');
      expect([0, 1, 2, 3].map((part) => kept.holds('a', part))).to.deep.equal([true, true, true, false]);
      expect(missing('a')).to.equal('a2');
    });

    it('take over what was said before it ran', () => {
      const { clock, kept, keep, missing } = start({ bytes: 1_000, ms: 60_000 });
      keep('a', 0);
      kept.hold('a');
      clock.advance(60_000);
      keep('b', 0);
      expect(missing('a')).to.equal('a0');
      kept.release('never');
      expect(kept.holds('never', 0)).to.equal(false);
    });
  });
});
