import { expect } from 'chai';
import { systemClock } from '../../../agent/session/clock.ts';

describe('systemClock', () => {
  const inTurn = () =>
    new Promise<void>((resolve) => {
      systemClock.after(2, resolve);
    });

  it('calls back once, unless that is cancelled', async () => {
    let calls = 0;
    systemClock.after(0, () => {
      calls += 1;
    });
    systemClock.after(0, () => {
      calls += 100;
    })();
    await inTurn();
    expect(calls).to.equal(1);
  });

  it('does not call back at once where that is due in a month', async () => {
    let calls = 0;
    const cancel = systemClock.after(40 * 86_400_000, () => {
      calls += 1;
    });
    await inTurn();
    cancel();
    expect(calls).to.equal(0);
  });
});
