import { expect } from 'chai';
import { createBandwidth } from '../../../../emulator/gateway/function-url/bandwidth.ts';
import { DEFAULT_QUOTAS } from '../../../../emulator/gateway/quotas.ts';
import { createFakeClock } from '../fixture.ts';

const MB = 1024 * 1024;

describe('bandwidth of streamed answers (LA-12)', () => {
  it('is open for 6 MB, and 2 MB a second after them', () => {
    const clock = createFakeClock();
    const waitAfter = createBandwidth(clock, DEFAULT_QUOTAS);
    expect(waitAfter(5 * MB)).to.equal(0);
    expect(waitAfter(2 * MB), 'one of them beyond').to.equal(500);
    clock.advance(500);
    expect(waitAfter(1 * MB)).to.equal(500);
    expect(waitAfter(1 * MB), 'nobody waited').to.equal(1_000);
    clock.advance(10_000);
    expect(waitAfter(1 * MB), 'what was not used is lost').to.equal(500);
  });

  it('can be lifted', () => {
    const waitAfter = createBandwidth(createFakeClock(), {
      streamBurstBytes: 0,
      streamBytesPerSecond: Number.MAX_SAFE_INTEGER,
    });
    expect(waitAfter(100 * MB)).to.be.below(0.001);
  });
});
