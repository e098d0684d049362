import { expect } from 'chai';
import type { Environment, Outcome } from '../../../emulator/lambda/environment.ts';
import { createPool } from '../../../emulator/lambda/pool.ts';
import { ENOUGH_ENVIRONMENTS } from '../../../emulator/lambda/saturation.ts';
import { createStartGate } from '../../../emulator/lambda/start-gate.ts';
import { createFakeClock } from '../gateway/fixture.ts';

const MESSAGE = { requestId: 'r', traceId: 't', payload: '{}', timeoutMs: 30_000 };
const SINK = { open() {}, write: () => undefined };
const RETURNED: Outcome = { kind: 'returned', payload: 'null' };

/** A pool whose environments start at once and end their events when they are told to. */
function startPool(saturated = true) {
  const clock = createFakeClock();
  const ends: (() => void)[] = [];
  let started = 0;
  const environment = (): Environment => ({
    started: Promise.resolve({ kind: 'ready', initMs: 1 }),
    alive: true,
    invoke: () => new Promise((resolve) => ends.push(() => resolve(RETURNED))),
    end: () => Promise.resolve(),
  });
  const pool = createPool({
    clock,
    gate: createStartGate(ENOUGH_ENVIRONMENTS * 2),
    idleMs: 30_000,
    saturated: () => saturated,
    start: async () => {
      started += 1;
      return environment();
    },
    wantsColdStart: () => false,
    onInitFailed() {},
  });
  return {
    clock,
    ends,
    started: () => started,
    run: (count: number) => Array.from({ length: count }, () => pool.run(MESSAGE, SINK, () => {})),
    stop: () => pool.stop(),
  };
}

/** All promises that are due. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('createPool', () => {
  it('lets events that end soon wait for a few environments where all processors are busy, as long as one becomes free', async () => {
    const { clock, ends, started, run, stop } = startPool();
    const runs = run(ENOUGH_ENVIRONMENTS * 5);
    await settled();
    for (let served = 0; served < runs.length; served += 1) {
      expect(ends.length, 'events under way').to.be.within(1, ENOUGH_ENVIRONMENTS);
      ends.shift()?.();
      await settled();
      clock.advance(90);
    }
    await Promise.all(runs);
    expect(started()).to.equal(ENOUGH_ENVIRONMENTS);
    await stop();
  });

  it('gives every event an environment of its own where a processor has time (LA-01)', async () => {
    const { ends, started, run, stop } = startPool(false);
    const runs = run(ENOUGH_ENVIRONMENTS * 5);
    await settled();
    await settled();
    expect(started()).to.equal(ENOUGH_ENVIRONMENTS * 5);
    for (const end of ends) end();
    await Promise.all(runs);
    await stop();
  });

  it('gives every event an environment of its own when none has become free for a while (LA-01)', async () => {
    const { clock, ends, started, run, stop } = startPool();
    const runs = run(ENOUGH_ENVIRONMENTS * 5);
    await settled();
    clock.advance(99);
    expect(started()).to.equal(ENOUGH_ENVIRONMENTS);
    clock.advance(1);
    await settled();
    await settled();
    expect(started()).to.equal(ENOUGH_ENVIRONMENTS * 5);
    for (const end of ends) end();
    await Promise.all(runs);
    await stop();
  });
});
