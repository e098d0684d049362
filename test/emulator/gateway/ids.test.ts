import { expect } from 'chai';
import { createIds, isConnectionId } from '../../../emulator/gateway/ids.ts';
import { createRandom } from '../../../emulator/stack/random.ts';
import { createFakeClock } from './fixture.ts';

describe('ids', () => {
  it('are sixteen characters of base64url with padding, alike within a second (WS-20, HA-21)', () => {
    const clock = createFakeClock();
    const ids = createIds(clock, createRandom(1));
    const [first, second] = [ids.next(), ids.next()];
    clock.advance(1_000);
    const later = ids.next();
    for (const id of [first, second, later]) {
      expect(id).to.match(/^[A-Za-z0-9_-]{15}=$/);
      expect(Buffer.from(id, 'base64url').toString('base64url')).to.equal(id.slice(0, -1));
    }
    expect(first).to.not.equal(second);
    expect(first.slice(0, 4)).to.equal(second.slice(0, 4));
    expect(first.slice(0, 4)).to.not.equal(later.slice(0, 4));
  });

  it('repeat with the seed and differ without', () => {
    const draw = (seed: number) => createIds(createFakeClock(), createRandom(seed)).next();
    expect(draw(7)).to.equal(draw(7));
    expect(draw(7)).to.not.equal(draw(8));
  });

  it('never collide in a hundred thousand draws of one second', () => {
    const ids = createIds(createFakeClock(), createRandom(1));
    const drawn = new Set(Array.from({ length: 100_000 }, () => ids.next()));
    expect(drawn.size).to.equal(100_000);
  });

  it('carry the time in a trace id (HA-12)', () => {
    expect(createIds(createFakeClock(), createRandom(1)).trace()).to.match(/^Root=1-65c66adf-[0-9a-f]{24}$/);
  });

  it('tell a connection id from anything else (MG-07)', () => {
    expect(isConnectionId('PJqB0fHsqRcCHlw=')).to.equal(true);
    expect(isConnectionId('VNRXVFJOywMF3-Q=')).to.equal(true);
    for (const other of ['', 'x', 'PJqB0fHsqRcCHlw', 'PJqB0fHsqRcCHl%3D', '8f14e45f-ceea-467f-a8f0-1e0e0c0c0c0c']) {
      expect(isConnectionId(other), other).to.equal(false);
    }
  });
});
