import { expect } from 'chai';
import { noteOf, pause, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { exchange } from '../exchange.ts';
import { invoke } from '../invoke.ts';
import type { Target } from '../target.ts';

/** Long enough for a timer that runs on to tell. */
const BETWEEN_MS = 500;

async function environmentOf(target: Target, path: string) {
  return (await exchange(target, path)).record();
}

async function isNoted(target: Target, wanted: string): Promise<boolean> {
  return (await target.entries()).some((entry) => entry.kind === 'note' && entry.tag === wanted);
}

inSetting('default', (behaviour) => {
  behaviour('LA-01', async (target) => {
    const instruction = { sleepMs: 400 };
    const together = await Promise.all([1, 2].map(() => exchange(target, '/together', { instruction })));
    const [one, other] = await Promise.all(together.map((each) => each.record()));
    expect(one?.environment).not.to.equal(other?.environment);

    // One after the other they share what a module keeps.
    const third = await environmentOf(target, '/alone');
    const before = [one, other].find((each) => each?.environment === third.environment);
    expect(before, 'an environment was used again').not.to.equal(undefined);
    expect(third.served).to.equal((before?.served ?? 0) + 1);
  });

  behaviour('LA-02', async (target) => {
    // One environment at most, so that the same one gets both events.
    const wanted = tag();
    const instruction = { keepCounting: true, noteAfterwards: true, tag: wanted };
    const first = await exchange(target, '/single', { instruction });
    await pause(BETWEEN_MS);
    expect(await isNoted(target, wanted), 'it went on after its answer').to.equal(false);

    const second = await environmentOf(target, '/single');
    expect(second.environment).to.equal((await first.record()).environment);
    expect(second.counted, 'ticks of a timer of 10 ms').to.be.below(10);
  });

  behaviour('LA-03', async (target) => {
    const wanted = tag();
    const late = await invoke(target, 'brief', { do: { sleepMs: 2_500, tag: wanted } });
    expect(late.status).to.equal(200);
    expect(late.headers.get('x-amz-function-error')).to.equal('Unhandled');
    expect(late.ms).to.be.within(950, 2_400);
    const { errorType, errorMessage, ...more } = JSON.parse(late.payload);
    expect(errorType).to.equal('Sandbox.Timedout');
    expect(errorMessage).to.match(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/);
    expect(more).to.deep.equal({});

    const next = await environmentOf(target, '/brief');
    expect(next.served, 'a new environment').to.equal(1);
  });

  behaviour('LA-07', async (target) => {
    for (const [exit, reason] of [
      [0, 'Runtime exited without providing a reason'],
      [127, 'Runtime exited with error: exit status 127'],
    ] as const) {
      const gone = await invoke(target, 'single', { do: { exit } });
      expect(gone.status).to.equal(200);
      expect(gone.headers.get('x-amz-function-error')).to.equal('Unhandled');
      const { errorType, errorMessage, ...more } = JSON.parse(gone.payload);
      expect(errorType).to.equal('Runtime.ExitError');
      expect(errorMessage).to.match(/^RequestId: [0-9a-f-]{36} Error: /);
      expect(errorMessage.replace(/^.* Error: /, '')).to.equal(reason);
      expect(more).to.deep.equal({});
      expect((await environmentOf(target, '/single')).served, 'a new environment').to.equal(1);
    }
  });

  behaviour('LA-08', async (target) => {
    const wanted = tag();
    const waiting = await exchange(target, '/callback', { instruction: { sleepMs: 400, tag: wanted } });
    expect(String(waiting.body)).to.equal('called back');
    expect(waiting.ms, 'waits for the timer').to.be.at.least(390);
    expect(await noteOf(target, wanted, 500)).to.include({ about: 'callback' });

    const atOnce = await exchange(target, '/callback', { instruction: { sleepMs: 3_000, callBackAtOnce: true } });
    expect(String(atOnce.body)).to.equal('called back');
    expect(atOnce.ms, 'does not wait for the timer').to.be.below(2_500);

    const asynchronous = await exchange(target, '/', { instruction: { keepCounting: true } });
    expect(asynchronous.status).to.equal(200);
    expect(asynchronous.ms, 'has a timer that never ends').to.be.below(2_500);
  });

  behaviour('LA-09', async (target) => {
    const answer = await exchange(target, '/');
    const { context, event } = await answer.record();
    const { awsRequestId, invokedFunctionArn, logStreamName, remaining, ...fixed } = context;
    const name = target.functionName('http2');
    expect(fixed).to.deep.equal({
      functionName: name,
      functionVersion: '$LATEST',
      memoryLimitInMB: '256',
      logGroupName: `/aws/lambda/${name}`,
    });
    expect(awsRequestId).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(awsRequestId).not.to.equal((event.requestContext as Record<string, unknown>).requestId);
    expect(invokedFunctionArn).to.match(new RegExp(`^arn:aws:lambda:${target.region}:\\d{12}:function:${name}$`));
    expect(logStreamName).to.match(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    // Its timeout is 6 s.
    expect(remaining).to.be.within(4_500, 6_000);

    expect((await (await exchange(target, '/')).record()).context.awsRequestId).not.to.equal(awsRequestId);
  });
});

inSetting('slow-start', (behaviour) => {
  behaviour('LA-10', async (target) => {
    // The code of `http2` takes 1.5 s before any event; its time for an event is 6 s. A place may have made one environment
    // before anybody asked, so that only one of two events at once is sure to be for a new one. Together
    // code and event take longer than those 6 s.
    const instruction = { sleepMs: 5_000 };
    const together = await Promise.all([1, 2].map(() => exchange(target, '/', { instruction })));
    expect(together.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(Math.max(...together.map(({ ms }) => ms)), 'one start at least').to.be.at.least(6_490);
    const records = await Promise.all(together.map((each) => each.record()));
    expect(new Set(records.map(({ environment }) => environment)).size).to.equal(2);
    for (const { context, served } of records) {
      expect(served).to.equal(1);
      expect(context.remaining, 'the clock starts with the event').to.be.within(5_000, 6_000);
    }

    const warm = await exchange(target, '/');
    expect(warm.ms).to.be.below(1_500);
    const again = await warm.record();
    const before = records.filter(({ environment }) => environment === again.environment);
    expect(before, 'an environment was used again').not.to.deep.equal([]);
    expect(again.loadedAt, 'the code ran once').to.equal(before[0]?.loadedAt);
    expect(again.served).to.equal(before.length + 1);
  });
});
