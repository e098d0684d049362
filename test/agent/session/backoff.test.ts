import { expect } from 'chai';
import { backoffMs } from '../../../agent/session/backoff.ts';

describe('backoffMs', () => {
  it('doubles from one second to a minute', () => {
    const least = [1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => backoffMs(attempt, 0));
    expect(least).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    const most = [1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => backoffMs(attempt, 1));
    expect(most).to.deep.equal([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('spreads agents over the interval', () => {
    expect(backoffMs(1, 0.25)).to.equal(1_250);
    expect(backoffMs(9, 0.5)).to.equal(45_000);
  });
});
