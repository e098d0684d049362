import { expect } from 'chai';
import { createFunction, startFunction, stopAll } from './fixture.ts';

describe('reloading functions', () => {
  afterEach(stopAll);

  const answering = (text: string) => `let n = 0; exports.handler = async () => '${text} ' + ++n;`;

  it('serves later events by the new code, variables and limits', async () => {
    const { call, reload } = startFunction(answering('old'));
    expect(await call()).to.equal('old 1');
    const next = createFunction(
      'exports.handler = async (e, context) => [process.env.COLOUR, context.memoryLimitInMB];',
      { fn: { environment: { COLOUR: 'red' }, memoryMb: 512 } },
    );
    expect(await reload([next])).to.deep.equal([]);
    expect(await call()).to.deep.equal(['red', '512']);
  });

  it('lets what is under way end on the old code', async () => {
    const { call, reload, fn } = startFunction(
      "exports.handler = ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'old'));",
    );
    await call({ ms: 0 });
    const underWay = call({ ms: 300 });
    await reload([createFunction("exports.handler = async () => 'new';")]);
    expect(await call({}, fn)).to.equal('new');
    expect(await underWay).to.equal('old');
  });

  it('keeps the environments of what did not change', async () => {
    const other = createFunction(answering('other'), { fn: { name: 'other' } });
    const { call, reload, fn } = startFunction(answering('app'), { functions: [other] });
    await call();
    await call({}, other);
    await reload([{ ...fn }, { ...other, timeoutMs: 5_000 }]);
    expect(await call()).to.equal('app 2');
    expect(await call({}, other)).to.equal('other 1');
  });

  it('goes on with the old code where the new one does not load, and says so', async () => {
    const { call, reload, log } = startFunction(answering('old'));
    await call();
    const failed = await reload([createFunction("require('forgotten');")]);
    expect(failed).to.have.length(1);
    expect(failed[0]?.reason).to.match(/^Runtime\.ImportModuleError/);
    expect(await call()).to.equal('old 2');
    const complaint = log.find(({ level, source }) => level === 'error' && source === 'lambda');
    expect(complaint?.message).to.match(/^the new code of shop-dev-app does not load, the old one goes on serving: /);
    expect(await reload([createFunction(answering('mended'))])).to.deep.equal([]);
    expect(await call()).to.equal('mended 1');
  });

  it('forgets functions that are gone and learns new ones', async () => {
    const { call, reload, fn } = startFunction(answering('app'));
    const other = createFunction(answering('other'), { fn: { name: 'other' } });
    await reload([other]);
    expect(await call({}, fn)).to.deep.equal({ kind: 'not-found' });
    expect(await call({}, other)).to.equal('other 1');
  });

  it('takes reloads one after the other, the last one stays, and stops with events under way', async () => {
    const { call, reload, stop } = startFunction(answering('0'));
    const codes = ['1', '2', '3'].map((text) => createFunction(answering(text)));
    await Promise.all(codes.map((fn) => reload([fn])));
    expect(await call()).to.equal('3 1');
    void reload([createFunction("exports.handler = async () => 'late';")]);
    await stop();
  });
});
