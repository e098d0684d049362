import { expect } from 'chai';
import { systemClock } from '../../emulator/stack/clock.ts';

describe('the system clock', () => {
  it('does not fire early for a time that is longer than a timer of Node’s can be', async () => {
    let fired = false;
    const cancel = systemClock.after(2 ** 32, () => {
      fired = true;
    });
    await new Promise((resolve) => systemClock.after(20, () => resolve(undefined)));
    cancel();
    expect(fired).to.equal(false);
  });
});
