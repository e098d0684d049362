import { expect } from 'chai';
import type { Environment, Started } from '../../../emulator/lambda/environment.ts';
import { startingSlowly } from '../../../emulator/lambda/slow-start.ts';
import { createFakeClock } from '../gateway/fixture.ts';

function environmentThat(started: Started): Environment {
  return {
    started: Promise.resolve(started),
    alive: true,
    invoke: async () => ({ kind: 'streamed' }),
    end: async () => {},
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

describe('a cold start', () => {
  it('takes what it takes in AWS, what it took here included, and is billed for loading alone', async () => {
    const clock = createFakeClock();
    const { started } = startingSlowly(
      environmentThat({ kind: 'ready', initMs: 60 }),
      { createMs: 100, initMs: 250 },
      clock,
    );
    let ready: Started | undefined;
    void started.then((told) => {
      ready = told;
    });
    await settled();
    clock.advance(289);
    await settled();
    expect(ready).to.equal(undefined);
    clock.advance(1);
    expect(await started).to.deep.equal({ kind: 'ready', initMs: 250 });
  });

  it('takes no longer where it took longer here', async () => {
    const own: Started = { kind: 'ready', initMs: 400 };
    const clock = createFakeClock();

    expect(await startingSlowly(environmentThat(own), { createMs: 100, initMs: 250 }, clock).started).to.equal(own);
    expect(clock.pending()).to.equal(0);
  });

  it('that fails says so at once', async () => {
    const failed: Started = { kind: 'timed-out', initMs: 5 };

    expect(
      await startingSlowly(environmentThat(failed), { createMs: 100, initMs: 250 }, createFakeClock()).started,
    ).to.equal(failed);
  });
});
