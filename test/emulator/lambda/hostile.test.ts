import { expect } from 'chai';
import { createCredentialStore } from '../../../emulator/iam/credentials.ts';
import { createFunction, startFunction, stopAll } from './fixture.ts';

describe('functions that misbehave', () => {
  afterEach(stopAll);

  const UNSTRINGIFIABLE: [what: string, result: string][] = [
    ['a BigInt', '10n'],
    ['a circle', '(() => { const a = {}; a.a = a; return a })()'],
    ['a toJSON that throws', "{ toJSON() { throw new Error('no') } }"],
    ['a getter that throws', "{ get a() { throw new Error('no') } }"],
    [
      'a proxy that throws',
      "new Proxy({}, { get(target, key) { if (key === 'then') return; throw new Error('no') } })",
    ],
  ];
  for (const [what, result] of UNSTRINGIFIABLE) {
    it(`fail for a result that cannot be stringified: ${what}`, async () => {
      const { call } = startFunction(`exports.handler = async ({ ok }) => ok ? 'fine' : ${result};`);
      expect(await call()).to.include({ kind: 'failed', errorMessage: 'Unable to stringify response body' });
      expect(await call({ ok: true }), 'afterwards').to.equal('fine');
    });
  }

  for (const result of ['undefined', '() => {}', 'Symbol()', 'null']) {
    it(`answer null for ${result}`, async () => {
      expect(await startFunction(`exports.handler = async () => (${result});`).call()).to.equal(null);
    });
  }

  const THROWN: [what: string, errorType: string, errorMessage: string][] = [
    ['undefined', 'undefined', 'undefined'],
    ['null', 'object', 'null'],
    ['42', 'number', '42'],
    ['Symbol("s")', 'symbol', 'Symbol(s)'],
    ['{ a: 1 }', 'object', '[object Object]'],
    ['Object.create(null)', 'object', 'Unknown'],
    ['Object.assign(new Error("m"), { name: { odd: true } })', '[object Object]', 'm'],
    ['Object.assign(new Error("m"), { stack: () => {} })', 'Error', 'm'],
    ['Object.defineProperty(new Error("m"), "message", { get() { throw 1 } })', 'Error', 'Unknown'],
  ];
  for (const [thrown, errorType, errorMessage] of THROWN) {
    it(`fail by name when they throw ${thrown}`, async () => {
      const { call } = startFunction(
        `exports.handler = async ({ ok }) => { if (ok) return 'fine'; throw ${thrown}; };`,
      );
      expect(await call()).to.deep.equal({ kind: 'failed', errorType, errorMessage });
      expect(await call({ ok: true })).to.equal('fine');
    });
  }

  it('fail when what they reject with cannot be told', async () => {
    const { call } = startFunction(
      'exports.handler = async () => { Promise.reject(Object.create(null)); await new Promise((r) => setTimeout(r, 500)) };',
    );
    expect(await call()).to.include({ errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Unknown' });
  });

  it('never settle: time out while something keeps them alive (LA-03)', async () => {
    const { call } = startFunction('exports.handler = () => new Promise(() => setInterval(() => {}, 1));', {
      fn: { timeoutMs: 200 },
    });
    expect(await call()).to.include({ errorType: 'Sandbox.Timedout' });
  });

  it('take hold of timers', async () => {
    const { call } = startFunction(`
      for (const name of ['setTimeout', 'setImmediate', 'queueMicrotask']) globalThis[name] = () => {};
      let n = 0;
      exports.handler = async () => ++n;`);
    expect([await call(), await call()]).to.deep.equal([1, 2]);
  });

  it('print megabytes, in one line and in many', async () => {
    const { call, log } = startFunction(`exports.handler = async () => {
      console.log('x'.repeat(5e6));
      for (let i = 0; i < 20_000; i++) process.stdout.write('line ' + i + '\\n');
      return 'done';
    };`);
    expect(await call()).to.equal('done');
    expect(log.filter(({ message }) => /^line \d+$/.test(message))).to.have.length(20_000);
    expect(Math.max(...log.map(({ message }) => message.length))).to.be.above(5e6);
  });

  const ENDS: [what: string, body: string, reason: string][] = [
    ['process.exit(0)', 'process.exit(0)', 'Runtime exited without providing a reason'],
    ['process.exit()', 'process.exit()', 'Runtime exited without providing a reason'],
    ['process.exit(1)', 'process.exit(1)', 'Runtime exited with error: exit status 1'],
    ['SIGKILL', "process.kill(process.pid, 'SIGKILL')", 'Runtime exited with error: signal: killed'],
    ['SIGTERM', 'process.kill(process.pid)', 'Runtime exited with error: signal: terminated'],
    ['process.abort()', 'process.abort()', 'Runtime exited with error: signal: aborted'],
    [
      'too much memory',
      'const all = []; for (;;) all.push(new Array(1e5).fill(String(all.length)))',
      'Runtime exited with error: signal: killed',
    ],
  ];
  for (const [what, body, reason] of ENDS) {
    it(`end their environment and nothing else, by ${what} (LA-07)`, async () => {
      const { call } = startFunction(`exports.handler = async ({ ok }) => { if (ok) return 'fine'; ${body}; };`, {
        fn: { memoryMb: 32, timeoutMs: 15_000 },
      });
      const result = (await call()) as Record<string, string>;
      expect(result.errorType).to.equal('Runtime.ExitError');
      expect(result.errorMessage).to.match(new RegExp(`^RequestId: \\S+ Error: ${reason}$`));
      expect(await call({ ok: true })).to.equal('fine');
    });
  }

  it('log what nobody caught as the runtime does, before it gives up', async () => {
    const { call, log } = startFunction(
      "exports.handler = () => new Promise(() => setTimeout(() => { throw new TypeError('late') }, 1));",
    );
    await call();
    const [line] = log.filter(({ level }) => level === 'error');
    expect(line?.message).to.match(/\tERROR\tUncaught Exception \t\{"errorType":"TypeError","errorMessage":"late",/);
  });
});

describe("a function's credentials", () => {
  afterEach(stopAll);

  it('are its own', async () => {
    const source = `exports.handler = async () => ({
      accessKeyId: process.env.AWS_ACCESS_KEY_ID,
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
      sessionToken: process.env.AWS_SESSION_TOKEN,
    });`;
    const functions = ['one', 'two'].map((name) => createFunction(source, { fn: { name } }));
    const lambda = startFunction(source, {
      functions,
      credentials: createCredentialStore([...functions, createFunction(source)], '123456789012', 7),
    });
    const store = createCredentialStore(functions, '123456789012', 7);
    for (const fn of functions) {
      const { accessKeyId, secretAccessKey, sessionToken } = store.ofFunction(fn);
      expect(await lambda.call({}, fn)).to.deep.equal({ accessKeyId, secretAccessKey, sessionToken });
    }
    expect(await lambda.call()).not.to.deep.equal(await lambda.call({}, functions[0]));
  });
});
