import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { type AsyncPolicy, createAsyncQueue, DEFAULT_ASYNC_POLICY } from '../../../emulator/lambda/async-queue.ts';
import type { InvokeResult } from '../../../emulator/stack/invoker.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import { createFakeClock } from '../gateway/fixture.ts';

const FN = { arn: 'arn:app', name: 'app' };
const DONE: InvokeResult = { kind: 'returned', payload: 'null' };
const FAILED: InvokeResult = { kind: 'failed', errorType: 'Broken', errorMessage: 'no luck' };
const THROTTLED: InvokeResult = { kind: 'throttled', reason: 'function' };

describe('asynchronous events (LA-05)', () => {
  function start(results: InvokeResult[], policy: Partial<AsyncPolicy> = {}, draws: number[] = []) {
    const clock = createFakeClock();
    const began = clock.now();
    const attempts: { requestId: string; at: number }[] = [];
    const log: LogEntry[] = [];
    const queue = createAsyncQueue({
      invoke: async (_arn, _payload, requestId) => {
        attempts.push({ requestId, at: clock.now() - began });
        return results.shift() ?? DONE;
      },
      clock,
      log: (entry) => log.push(entry),
      policy: { ...DEFAULT_ASYNC_POLICY, ...policy },
      repeatRate: draws.length > 0 ? 0.5 : 0,
      random: () => draws.shift() ?? 1,
    });
    return {
      queue,
      attempts,
      log,
      clock,
      async pass(ms: number) {
        await turn();
        clock.advance(ms);
        await turn();
      },
    };
  }

  it('run once where that goes well', async () => {
    const { queue, attempts, log, pass, clock } = start([DONE]);
    const requestId = queue.accept(FN, '{}');
    await pass(7 * 3_600_000);
    expect(attempts).to.deep.equal([{ requestId, at: 0 }]);
    expect(log).to.deep.equal([]);
    expect(clock.pending()).to.equal(0);
  });

  it('run again one minute after a function error and two minutes after the next, under one id, and are dropped then', async () => {
    const { queue, attempts, log, pass } = start([FAILED, FAILED, FAILED, DONE]);
    const requestId = queue.accept(FN, '{}');
    await pass(59_999);
    expect(attempts).to.have.length(1);
    await pass(1);
    await pass(120_000);
    await pass(7 * 3_600_000);
    expect(attempts).to.deep.equal([0, 60_000, 180_000].map((at) => ({ requestId, at })));
    expect(log.map(({ level, message }) => `${level} ${message.replace(String(requestId), 'ID')}`)).to.deep.equal([
      'warn asynchronous event ID of app: attempt 1 failed (Broken); it is tried again in 60 s',
      'warn asynchronous event ID of app: attempt 2 failed (Broken); it is tried again in 120 s',
      'error asynchronous event ID of app: attempt 3 failed (Broken); it is dropped',
    ]);
  });

  it('are done when a further attempt goes well', async () => {
    const { queue, attempts, pass } = start([FAILED, DONE]);
    queue.accept(FN, '{}');
    await pass(60_000);
    await pass(7 * 3_600_000);
    expect(attempts).to.have.length(2);
  });

  it('wait longer and longer while throttled, which counts as no attempt, until they are six hours old', async () => {
    const { queue, attempts, log, pass } = start(Array.from({ length: 200 }, () => THROTTLED));
    queue.accept(FN, '{}');
    for (let second = 0; second < 7 * 3_600; second++) await pass(1_000);
    const at = attempts.map((attempt) => attempt.at / 1_000);
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses.slice(0, 10)).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    expect(Math.max(...at)).to.be.within(6 * 3_600 - 300, 6 * 3_600);
    expect(log.at(-1)).to.include({ level: 'error', behaviour: 'LA-05' });
    expect(log.at(-1)?.message).to.match(/it has become too old; it is dropped$/);
  });

  it('run twice now and then although nothing failed, drawn by seed', async () => {
    const { queue, attempts, pass } = start([], {}, [0.9, 0.1]);
    queue.accept(FN, '"once"');
    await pass(0);
    const twice = queue.accept(FN, '"twice"');
    await pass(0);
    expect(attempts.map(({ requestId }) => requestId === twice)).to.deep.equal([false, true, true]);
  });

  it('are refused where too many are kept already', async () => {
    const { queue, pass } = start([FAILED, FAILED], { capacity: 2 });
    expect([queue.accept(FN, '{}'), queue.accept(FN, '{}')]).not.to.include(undefined);
    expect(queue.accept(FN, '{}')).to.equal(undefined);
    await pass(60_000);
    expect(queue.accept(FN, '{}'), 'once there is room').to.be.a('string');
  });

  it('are forgotten when the queue stops', async () => {
    const { queue, attempts, pass, clock } = start([FAILED]);
    queue.accept(FN, '{}');
    await pass(0);
    queue.stop();
    expect(clock.pending()).to.equal(0);
    await pass(60_000);
    expect(attempts).to.have.length(1);
  });
});
