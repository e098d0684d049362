import { expect } from 'chai';
import { once } from '../../src/handlers/wiring.ts';

describe('once', () => {
  it('makes one value for all who ask, also at the same time', async () => {
    let made = 0;
    const value = once(async () => {
      made += 1;
      return made;
    });
    expect(await Promise.all([value(), value()])).to.deep.equal([1, 1]);
    expect(await value()).to.equal(1);
  });

  it('tries again after a failure', async () => {
    let tries = 0;
    const value = once(async () => {
      tries += 1;
      if (tries === 1) throw new Error('throttled');
      return tries;
    });
    const error = await value().catch((thrown: Error) => thrown);
    expect(error).to.have.property('message', 'throttled');
    expect(await value()).to.equal(2);
  });
});
