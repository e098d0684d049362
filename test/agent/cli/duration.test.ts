import { expect } from 'chai';
import { parseDuration } from '../../../agent/cli/duration.ts';

describe('parseDuration', () => {
  it('reads seconds, and other units by name', () => {
    const texts = ['10', '10s', '2.5', '500ms', '1m', '0.001', '60m'];
    expect(texts.map(parseDuration)).to.deep.equal([10_000, 10_000, 2_500, 500, 60_000, 1, 3_600_000]);
  });

  it('refuses what is no time, none at all, or more than an hour', () => {
    for (const text of ['', '0', '-1', '1h', '1 s', '1e3', 's', '.5', '0.4ms', '3601', '61m']) {
      expect(parseDuration(text), text).to.equal(undefined);
    }
  });
});
