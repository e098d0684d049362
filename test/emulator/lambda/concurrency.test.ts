import { expect } from 'chai';
import fc from 'fast-check';
import { createConcurrency } from '../../../emulator/lambda/concurrency.ts';
import { createFunction, startFunction, stopAll } from './fixture.ts';

describe('concurrency (LA-06)', () => {
  afterEach(stopAll);

  it('keeps for a function what it reserves, and takes that from the others', async () => {
    const other = createFunction('exports.handler = async () => 1;', { fn: { name: 'other', reservedConcurrency: 2 } });
    const lambda = startFunction('exports.handler = async () => 1;', { functions: [other], concurrency: 3 });
    const account = { kind: 'throttled', reason: 'account' };
    const own = { kind: 'throttled', reason: 'function' };
    const results = await Promise.all([
      lambda.call(),
      lambda.call(),
      lambda.call({}, other),
      lambda.call({}, other),
      lambda.call({}, other),
    ]);
    expect(results).to.deep.equal([1, account, 1, 1, own]);
    expect(await lambda.call(), 'once they are done').to.equal(1);
    const lines = lambda.log.filter(({ behaviour }) => behaviour === 'LA-06').map(({ message }) => message);
    expect(lines).to.deep.equal([
      'shop-dev-app is not invoked: all 1 invocations at once that the account has for it and others are under way; it logs nothing',
      'other is not invoked: all 2 invocations at once that it has reserved are under way; it logs nothing',
    ]);
  });

  it('never invokes a function that reserves none at all', async () => {
    const { call } = startFunction('exports.handler = async () => 1;', { fn: { reservedConcurrency: 0 } });
    expect(await call()).to.deep.equal({ kind: 'throttled', reason: 'function' });
  });

  it('never lets more in than there is, whatever comes and goes', () => {
    const step = fc.record({ fn: fc.integer({ min: 0, max: 2 }), leave: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (account, steps) => {
        const functions = [{ arn: 'a', reservedConcurrency: 2 }, { arn: 'b' }, { arn: 'c' }];
        const concurrency = createConcurrency(account);
        concurrency.reserve(functions);
        const inside = functions.map((): (() => void)[] => []);
        for (const { fn, leave } of steps) {
          const entrance = leave ? undefined : concurrency.enter(functions[fn] ?? { arn: '' });
          if (entrance?.kind === 'entered') inside[fn]?.push(entrance.leave);
          if (leave) inside[fn]?.pop()?.();
          const [a = 0, b = 0, c = 0] = inside.map(({ length }) => length);
          expect(a).to.be.at.most(2);
          expect(b + c).to.be.at.most(Math.max(0, account - 2));
          if (entrance?.kind === 'refused') expect(fn === 0 ? a : b + c).to.equal(entrance.limit);
        }
      }),
    );
  });
});

describe('the faults of Lambda', () => {
  afterEach(stopAll);

  it('throttle at lambdaThrottleRate, drawn by seed (LA-06)', async () => {
    const draws = [0.1, 0.9, 0.2];
    const { call } = startFunction('exports.handler = async () => 1;', {
      faults: { lambdaThrottleRate: 0.5 },
      random: () => draws.shift() ?? 1,
    });
    const throttled = { kind: 'throttled', reason: 'account' };
    expect([await call(), await call(), await call()]).to.deep.equal([throttled, 1, throttled]);
  });

  it('start a new environment at coldStartRate although an idle one is there, in its place (LA-10)', async () => {
    const { call, log } = startFunction('let n = 0; exports.handler = async () => ++n;', {
      faults: { coldStartRate: 1 },
    });
    expect([await call(), await call(), await call()]).to.deep.equal([1, 1, 1]);
    expect(log.filter(({ message }) => message.includes('Init Duration'))).to.have.length(3);
  });
});
