import { expect } from 'chai';
import { systemClock } from '../../../emulator/stack/clock.ts';
import { startFunction, stopAll } from './fixture.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('createLambda', () => {
  afterEach(stopAll);

  it('hands the handler its event and returns its result as JSON', async () => {
    const { call } = startFunction('exports.handler = async (event) => ({ got: event });');
    expect(await call({ a: [1, 'é'] })).to.deep.equal({ got: { a: [1, 'é'] } });
  });

  it('returns null for undefined', async () => {
    const { invoke, fn } = startFunction('exports.handler = async () => {};');
    expect(await invoke(fn.arn, '{}')).to.deep.equal({ kind: 'returned', payload: 'null' });
  });

  it('knows no other function', async () => {
    const { invoke } = startFunction('exports.handler = async () => {};');
    expect(await invoke('arn:nobody', '{}')).to.deep.equal({ kind: 'not-found' });
  });

  it('gives the context of LA-09', async () => {
    const { call, fn } = startFunction(
      'exports.handler = async (e, context) => ({ ...context, left: context.getRemainingTimeInMillis() });',
    );
    const context = (await call()) as Record<string, unknown>;
    expect(context.awsRequestId).to.match(UUID);
    expect(context.logStreamName).to.match(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(context.left).to.be.within(2_000, 3_000);
    expect(context).to.include({
      functionName: 'shop-dev-app',
      functionVersion: '$LATEST',
      invokedFunctionArn: fn.arn,
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/shop-dev-app',
      callbackWaitsForEmptyEventLoop: true,
    });
  });

  it("shows the function's own variables and Lambda's, and nothing else of the host", async () => {
    process.env.POSTERN_TEST_SECRET = 'of the host';
    const { call } = startFunction('exports.handler = async () => process.env;', {
      fn: { environment: { TABLE: 'things', COLOUR: 'blue' } },
      environment: { COLOUR: 'red', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' },
    });
    delete process.env.POSTERN_TEST_SECRET;
    const env = (await call()) as Record<string, string>;
    expect(env).to.include({
      TABLE: 'things',
      COLOUR: 'red',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'shop-dev-app',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
      _HANDLER: 'app.handler',
    });
    expect(env).not.to.have.any.keys('POSTERN_TEST_SECRET', 'HOME', 'NODE_OPTIONS', 'NODE_PATH');
  });

  it('keeps module state from one event to the next, and serves one at a time in each environment (LA-01)', async () => {
    const { call } = startFunction(`
      let served = 0, busy = 0, most = 0;
      exports.handler = async () => {
        most = Math.max(most, ++busy);
        await new Promise((resolve) => setTimeout(resolve, 20));
        busy--;
        return { served: ++served, most };
      };`);
    expect(await call()).to.deep.equal({ served: 1, most: 1 });
    expect(await call()).to.deep.equal({ served: 2, most: 1 });
    const all = (await Promise.all(Array.from({ length: 12 }, () => call()))) as { served: number; most: number }[];
    expect(Math.max(...all.map(({ most }) => most))).to.equal(1);
    expect(all.filter(({ served }) => served === 1).length, 'new environments').to.be.greaterThan(0);
  });

  it('starts no environment for an event that a free one can take meanwhile', async () => {
    const lambda = startFunction('exports.handler = async () => 1;', { startsAtOnce: 1 });
    await Promise.all(Array.from({ length: 50 }, () => lambda.call()));
    const coldStarts = lambda.log.filter(({ message }) => message.includes('Init Duration'));
    expect(coldStarts.length).to.be.within(1, 3);
  });

  it('writes START, END and REPORT, with Init Duration on a cold start only (LA-10)', async () => {
    const lambda = startFunction('exports.handler = async () => 1;');
    await lambda.call();
    await lambda.call();
    const lines = lambda.log.map(({ level, message }) => `${level} ${message.replace(/[0-9a-f-]{36}/, 'ID')}`);
    const times = lines.map((line) => line.replace(/\d+(\.\d+)? ms/g, 'N ms'));
    const [start, end] = ['debug START RequestId: ID Version: $LATEST', 'debug END RequestId: ID'];
    const report = 'debug REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 256 MB';
    expect(times).to.deep.equal([start, end, `${report}\tInit Duration: N ms`, start, end, report]);
  });

  it('ends an invocation at its timeout and starts afresh afterwards (LA-03)', async () => {
    const { call } = startFunction(
      `let n = 0;
       exports.handler = async (event) => { n++; if (event.hang) await new Promise(() => setInterval(() => {}, 50)); return n; };`,
      { fn: { timeoutMs: 1_000 } },
    );
    expect(await call()).to.equal(1);
    const result = (await call({ hang: true })) as Record<string, string>;
    expect(result).to.include({ kind: 'failed', errorType: 'Sandbox.Timedout' });
    expect(result.errorMessage).to.match(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/);
    expect(await call(), 'globals are lost').to.equal(1);
  });

  it('ends a handler that never gives way, too', async () => {
    const { call } = startFunction('exports.handler = async () => { for (;;); };', { fn: { timeoutMs: 100 } });
    expect(await call()).to.include({ errorType: 'Sandbox.Timedout' });
  });

  it('reports what was thrown, and serves on in the same environment', async () => {
    const lambda = startFunction(`
      let n = 0;
      class Broken extends Error { name = 'Broken' }
      exports.handler = async ({ what }) => {
        n++;
        if (what === 'error') throw new Broken('no luck');
        if (what === 'text') throw 'just text';
        return n;
      };`);
    expect(await lambda.call({ what: 'error' })).to.deep.equal({
      kind: 'failed',
      errorType: 'Broken',
      errorMessage: 'no luck',
    });
    expect(await lambda.call({ what: 'text' })).to.include({ errorType: 'string', errorMessage: 'just text' });
    expect(await lambda.call()).to.equal(3);
    const [line] = lambda.log.filter(({ level }) => level === 'error');
    expect(line?.message)
      .to.match(/^\S+Z\t[0-9a-f-]{36}\tERROR\tInvoke Error /)
      .and.contain('"errorType":"Broken"');
  });

  it('reports an error nobody caught, and gives that environment up', async () => {
    const { call } = startFunction(`
      let n = 0;
      exports.handler = async ({ what }) => {
        n++;
        if (what === 'throw') setTimeout(() => { throw new TypeError('late') }, 1);
        if (what === 'reject') Promise.reject(new Error('unseen'));
        if (what) await new Promise((resolve) => setTimeout(resolve, 1_000));
        return n;
      };`);
    expect(await call({ what: 'throw' })).to.include({ errorType: 'TypeError', errorMessage: 'late' });
    expect(await call({ what: 'reject' })).to.include({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: unseen',
    });
    expect(await call()).to.equal(1);
  });

  it('reports process.exit (LA-07)', async () => {
    const { call } = startFunction('exports.handler = async ({ code }) => process.exit(code);');
    const silent = (await call({ code: 0 })) as Record<string, string>;
    expect(silent.errorType).to.equal('Runtime.ExitError');
    expect(silent.errorMessage).to.match(/^RequestId: \S+ Error: Runtime exited without providing a reason$/);
    const loud = (await call({ code: 127 })) as Record<string, string>;
    expect(loud.errorMessage).to.match(/^RequestId: \S+ Error: Runtime exited with error: exit status 127$/);
  });

  it('takes events of up to 6 MB, and no more (LA-04)', async () => {
    const { invoke, fn } = startFunction('exports.handler = async (event) => event.pad.length;');
    const event = (bytes: number) => JSON.stringify({ pad: 'x'.repeat(bytes - 10) });
    const most = 6 * 1024 * 1024;
    expect(await invoke(fn.arn, event(most))).to.deep.equal({ kind: 'returned', payload: String(most - 10) });
    expect(await invoke(fn.arn, event(most + 1))).to.deep.equal({ kind: 'event-too-large' });
  });

  it('takes responses of up to 6,291,556 bytes, and no more (HR-07)', async () => {
    const { invoke, fn } = startFunction("exports.handler = async ({ bytes }) => 'x'.repeat(bytes - 2);");
    const most = 6_291_556;
    expect(await invoke(fn.arn, `{"bytes":${most}}`)).to.have.property('kind', 'returned');
    expect(await invoke(fn.arn, `{"bytes":${most + 1}}`)).to.deep.equal({
      kind: 'failed',
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  it('refuses what goes beyond its concurrency (LA-06)', async () => {
    const { call } = startFunction('exports.handler = async () => 1;', { concurrency: 2 });
    const kinds = await Promise.all([call(), call(), call()]);
    expect(kinds).to.deep.equal([1, 1, { kind: 'throttled', reason: 'account' }]);
    expect(await call()).to.equal(1);
  });

  it('ends environments that stay idle', async () => {
    const idle: (() => void)[] = [];
    const after = (ms: number, callback: () => void) => {
      if (ms !== 7_777) return systemClock.after(ms, callback);
      idle.push(callback);
      return () => idle.splice(idle.indexOf(callback), 1);
    };
    const { call } = startFunction('let n = 0; exports.handler = async () => ++n;', {
      idleMs: 7_777,
      clock: { now: systemClock.now, after },
    });
    expect(await call()).to.equal(1);
    expect(await call()).to.equal(2);
    expect(idle, 'one environment waits').to.have.length(1);
    idle[0]?.();
    expect(await call()).to.equal(1);
  });

  it('ends what is under way when it stops', async () => {
    const { call, stop } = startFunction('exports.handler = () => new Promise(() => setInterval(() => {}, 50));');
    const underWay = call();
    await stop();
    expect(await underWay).to.include({ kind: 'failed', errorType: 'Runtime.ExitError' });
    expect(await call()).to.include({ kind: 'failed' });
  });
});

describe('callback handlers (LA-08)', () => {
  afterEach(stopAll);

  it('wait for an empty event loop, unless told otherwise', async () => {
    const { call } = startFunction(`
      let done = false;
      exports.handler = (event, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = event.wait;
        done = false;
        setTimeout(() => { done = true }, 30);
        callback(null, { get done() { return done } });
      };`);
    expect(await call({ wait: true })).to.deep.equal({ done: true });
    expect(await call({ wait: false })).to.deep.equal({ done: false });
    expect(await call({ wait: true }), 'the environment goes on serving').to.deep.equal({ done: true });
  });

  it('hand an error to the callback', async () => {
    const { call } = startFunction("exports.handler = (event, context, done) => done(new RangeError('far'));");
    expect(await call()).to.include({ errorType: 'RangeError', errorMessage: 'far' });
  });

  it('answer null when there is nothing left to do and nobody called back', async () => {
    const { call } = startFunction(
      'exports.handler = (event) => { if (event.promise) return new Promise(() => {}); };',
    );
    expect(await call()).to.equal(null);
    expect(await call({ promise: true })).to.equal(null);
  });

  it('are refused by nodejs24.x', async () => {
    const { call } = startFunction('exports.handler = (event, context, callback) => callback(null, 1);', {
      fn: { runtime: 'nodejs24.x' },
    });
    expect(await call()).to.include({ errorType: 'Runtime.CallbackHandlerDeprecated' });
  });
});
