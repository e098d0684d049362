import { expect } from 'chai';
import { createOutbox } from '../../../agent/session/outbox.ts';
import { createManualClock } from '../support/manual-clock.ts';

describe('outbox', () => {
  /** A connection that takes texts until it breaks; one is in the kernel's hands as soon as it is taken. */
  function connection() {
    const taken: string[] = [];
    let broken = false;
    return {
      taken,
      breaks: () => {
        broken = true;
      },
      send: async (text: string) => {
        if (!broken) taken.push(text);
        return !broken;
      },
    };
  }

  it('sends at once while there is a connection', async () => {
    const outbox = createOutbox(createManualClock());
    const first = connection();
    outbox.attach(first.send);
    expect(await outbox.deliver('a')).to.equal(true);
    expect(first.taken).to.deep.equal(['a']);
  });

  it('keeps what comes without a connection, in order, for the next one', async () => {
    const outbox = createOutbox(createManualClock());
    const results = [outbox.deliver('a'), outbox.deliver('b')];
    const first = connection();
    outbox.attach(first.send);
    expect(await Promise.all(results)).to.deep.equal([true, true]);
    expect(first.taken).to.deep.equal(['a', 'b']);
  });

  it('sends what a dying connection did not take over the next one', async () => {
    const outbox = createOutbox(createManualClock());
    const [first, second] = [connection(), connection()];
    outbox.attach(first.send);
    first.breaks();
    const result = outbox.deliver('a');
    outbox.detach();
    outbox.attach(second.send);
    expect(await result).to.equal(true);
    expect(second.taken).to.deep.equal(['a']);
  });

  it('does not ask a broken connection again and again', async () => {
    const outbox = createOutbox(createManualClock());
    let asked = 0;
    outbox.attach(async () => {
      asked += 1;
      return false;
    });
    const result = outbox.deliver('a');
    await new Promise(setImmediate);
    expect(asked).to.equal(1);
    outbox.close();
    expect(await result).to.equal(false);
  });

  it('gives up after its time without a connection, and is well again with the next', async () => {
    const clock = createManualClock();
    const outbox = createOutbox(clock, { bytes: 100, ms: 1_000 });
    const first = connection();
    outbox.attach(first.send);
    outbox.detach();
    const result = outbox.deliver('a');
    clock.advance(1_000);
    expect(await result).to.equal(false);
    expect(await outbox.deliver('b')).to.equal(false);
    outbox.attach(first.send);
    expect(await outbox.deliver('c')).to.equal(true);
    expect(first.taken).to.deep.equal(['c']);
  });

  it('holds so many bytes and no more', async () => {
    const outbox = createOutbox(createManualClock(), { bytes: 5, ms: 1_000 });
    const kept = outbox.deliver('äa');
    expect(await outbox.deliver('abc')).to.equal(false);
    const alsoKept = outbox.deliver('ab');
    outbox.attach(connection().send);
    expect([await kept, await alsoKept]).to.deep.equal([true, true]);
  });

  it('keeps nothing once it is closed', async () => {
    const outbox = createOutbox(createManualClock());
    const waiting = outbox.deliver('a');
    outbox.close();
    expect([await waiting, await outbox.deliver('b')]).to.deep.equal([false, false]);
  });
});
