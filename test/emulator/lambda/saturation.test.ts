import { expect } from 'chai';
import { createSaturation } from '../../../emulator/lambda/saturation.ts';

describe('createSaturation', () => {
  let now: number;
  let idle: number;
  const all = () => 2 * now;

  beforeEach(() => {
    now = 0;
    idle = 0;
  });

  const start = () =>
    createSaturation(
      () => now,
      () => ({ idle, all: all() }),
    );
  /** @param share of the time that the processors were idle */
  function pass(ms: number, share: number): void {
    now += ms;
    idle += 2 * ms * share;
  }

  it('is true once the processors were hardly idle since the look before', () => {
    const saturated = start();
    expect(saturated(), 'nothing is known yet').to.equal(false);
    pass(100, 0.05);
    expect(saturated()).to.equal(true);
    pass(99, 1);
    expect(saturated(), 'not looked again').to.equal(true);
    pass(1, 0);
    expect(saturated()).to.equal(false);
  });

  it('is not known where nobody has asked for a second', () => {
    const saturated = start();
    saturated();
    pass(1_000, 0);
    expect(saturated()).to.equal(false);
    pass(100, 0);
    expect(saturated()).to.equal(true);
  });
});
