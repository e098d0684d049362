import { expect } from 'chai';
import { coalescing } from '../../../agent/session/coalesce.ts';
import { SHORTEST_PAUSE_MS } from '../../../agent/session/part-pace.ts';
import type { BodySlice } from '../../../agent/session/slices.ts';
import { MAX_PARTS } from '../../../src/protocol/limits.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** Lets run what waits for nothing but its turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A body that comes as the test gives it, cut as it comes. */
function start({ first = 10, later = 10, limitBytes = 100, limitMs = 900_000, taken = async () => {} } = {}) {
  const clock = createManualClock();
  const cancel = new AbortController();
  const given: (Uint8Array | 'end' | Error)[] = [];
  const seen = { asked: 0, left: false };
  let wake = () => {};
  async function* body() {
    try {
      for (;;) {
        seen.asked += 1;
        while (given.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const next = given.shift();
        if (next === 'end') return;
        if (next instanceof Error) throw next;
        if (next) yield next;
      }
    } finally {
      seen.left = true;
    }
  }
  const give = (...items: (string | Error)[]) => {
    given.push(...items.map((item) => (typeof item === 'string' && item !== 'end' ? Buffer.from(item) : item)));
    wake();
  };
  const slices: BodySlice[] = [];
  const cut = coalescing({ clock, limitBytes, limitMs, cancelled: cancel.signal })(body(), first, later);
  const done = (async () => {
    for await (const slice of cut) {
      slices.push(slice);
      await taken();
    }
  })();
  done.catch(() => {});
  return {
    clock,
    cancel,
    give,
    seen,
    slices,
    done,
    /** Slices since the last time; the last one of a body with a full stop. */
    async came() {
      await settle();
      await settle();
      return slices.splice(0).map(({ bytes, last }) => Buffer.from(bytes).toString() + (last ? '.' : ''));
    },
  };
}

describe('a body that is cut as it comes', () => {
  it('begins with what is there in the first turn, which may be nothing or all', async () => {
    const silent = start();
    expect(await silent.came()).to.deep.equal(['']);
    const ready = start();
    ready.give('ab', 'cd');
    expect(await ready.came()).to.deep.equal(['abcd']);
    const whole = start();
    whole.give('ab', 'cd', 'end');
    expect(await whole.came()).to.deep.equal(['abcd.']);
    await whole.done;
    const empty = start();
    empty.give('end');
    expect(await empty.came()).to.deep.equal(['.']);
    expect([silent, ready, whole, empty].map(({ clock }) => clock.pending())).to.deep.equal([0, 0, 0, 0]);
  });

  it('gives what came within a short pause after a first byte together', async () => {
    const { give, came, clock, done } = start();
    await came();
    give('a');
    expect(await came()).to.deep.equal([]);
    clock.advance(SHORTEST_PAUSE_MS - 1);
    give('b');
    expect(await came()).to.deep.equal([]);
    clock.advance(1);
    expect(await came()).to.deep.equal(['ab']);
    clock.advance(60_000);
    expect(await came(), 'nothing, as long as nothing comes').to.deep.equal([]);
    give('c');
    await came();
    clock.advance(SHORTEST_PAUSE_MS);
    expect(await came()).to.deep.equal(['c']);
    give('d', 'end');
    expect(await came(), 'no pause before the end').to.deep.equal(['d.']);
    await done;
    expect(clock.pending()).to.equal(0);
  });

  it('gives a full slice at once, and begins the next one’s pause with its first byte', async () => {
    const { give, came, clock } = start({ first: 4, later: 5 });
    await came();
    give('12345678901');
    expect(await came()).to.deep.equal(['12345', '67890']);
    clock.advance(SHORTEST_PAUSE_MS);
    expect(await came()).to.deep.equal(['1']);
  });

  it('fills the first slice where the body is there, and takes a head that has no room beside it', async () => {
    const filled = start({ first: 4, later: 5 });
    filled.give('123456', 'end');
    expect(await filled.came()).to.deep.equal(['1234', '56.']);
    const full = start({ first: 0, later: 5 });
    full.give('', '123', 'end');
    expect(await full.came()).to.deep.equal(['', '123.']);
  });

  it('ends with an empty slice where nothing came after the pause', async () => {
    const { give, came, clock } = start();
    await came();
    give('a');
    await came();
    clock.advance(SHORTEST_PAUSE_MS);
    expect(await came()).to.deep.equal(['a']);
    give('end');
    expect(await came()).to.deep.equal(['.']);
  });

  it('gives what came before the body failed, unless nobody wants it', async () => {
    for (const wanted of [true, false]) {
      const { give, came, cancel, done, clock } = start();
      await came();
      give('a');
      await came();
      if (!wanted) cancel.abort();
      give(new Error('broken off'));
      expect(await came()).to.deep.equal(wanted ? ['a'] : []);
      const error = await done.catch((thrown: Error) => thrown);
      expect(error).to.include({ message: 'broken off' });
      expect(clock.pending()).to.equal(0);
    }
  });

  it('reads one piece ahead of a slice that is not taken, and no more', async () => {
    const { give, seen, slices } = start({ taken: () => new Promise(() => {}) });
    give(...Array.from({ length: 50 }, () => '123456789'));
    await settle();
    expect(slices).to.have.length(1);
    expect(seen.asked).to.be.at.most(3);
  });

  it('is left without waiting for a silent body, which is ended when it settles', async () => {
    const leaving = async () => {
      throw new Error('leaving');
    };
    const { done, give, seen, clock } = start({ taken: leaving });
    expect(await done.catch((thrown: Error) => thrown.message)).to.equal('leaving');
    expect(seen.left).to.equal(false);
    give(new Error('aborted'));
    await settle();
    expect(seen.left).to.equal(true);
    expect(clock.pending()).to.equal(0);
  });

  it('never needs more numbers than there are, in 15 minutes of bytes that never rest', async () => {
    const limitBytes = 200_000;
    const later = 98;
    const { give, clock, done, slices } = start({ first: 98, later, limitBytes });
    await settle();
    const end = clock.now() + 900_000;
    // Dribbles for most of the time, then all the rest at full speed: many parts that are not full, and many that are.
    let given = 0;
    while (clock.now() < end) {
      if (given < 90_000) given += 1;
      give('x');
      await settle();
      clock.advance(10);
    }
    const dribbled = slices.length;
    give('y'.repeat(limitBytes - given), 'end');
    await done;
    expect(dribbled).to.be.within(1_900, MAX_PARTS);
    expect(slices.length).to.be.within(dribbled + 1_000, MAX_PARTS + 1);
    expect(slices.at(-1)?.last).to.equal(true);
  }).timeout(30_000);
});
