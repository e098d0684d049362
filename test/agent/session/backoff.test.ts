import { expect } from 'chai';
import { backoffMs, FIRST_SLOW_ATTEMPT } from '../../../agent/session/backoff.ts';

describe('backoffMs', () => {
  it('tries at once, and then often for some seconds: most connections are back in a moment', () => {
    expect([backoffMs(1, 0), backoffMs(1, 1)]).to.deep.equal([0, 50]);
    expect([backoffMs(2, 0), backoffMs(2, 1)]).to.deep.equal([175, 350]);
    expect([backoffMs(14, 0), backoffMs(14, 1)]).to.deep.equal([175, 350]);
  });

  it('doubles from one second to a minute after that', () => {
    const attempts = [0, 1, 2, 3, 4, 5, 6, 40].map((more) => FIRST_SLOW_ATTEMPT + more);
    const least = attempts.map((attempt) => backoffMs(attempt, 0));
    expect(least).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const most = attempts.map((attempt) => backoffMs(attempt, 1));
    expect(most).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('spreads agents over the interval', () => {
    expect(backoffMs(FIRST_SLOW_ATTEMPT, 0.25)).to.equal(625);
  });
});
