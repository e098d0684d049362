import { expect } from 'chai';
import { isFailure } from '../../../agent/cli/failure.ts';
import { type RawOptions, readSettings, type Settings } from '../../../agent/cli/settings.ts';

describe('readSettings', () => {
  function read(options: RawOptions, env: Record<string, string> = {}): Settings {
    const settings = readSettings(options, env);
    if (isFailure(settings)) throw new Error(settings.cause);
    return settings;
  }

  it('has defaults', () => {
    expect(read({})).to.deep.equal({
      endpoint: 'ws://localhost:4001/dev',
      hostHeader: { kind: 'preserve' },
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 25_000,
      json: false,
      detail: 'normal',
    });
  });

  it('takes options before variables, and an empty variable for none', () => {
    const env = { POSTERN_ENDPOINT: 'wss://env/prod', POSTERN_TOKEN: 'env', POSTERN_TUNNEL_ID: 'env-id' };
    expect(read({}, env)).to.deep.include({ endpoint: 'wss://env/prod', token: 'env', tunnelId: 'env-id' });
    expect(read({ endpoint: 'wss://option/prod', token: 'option', tunnelId: '012345678901' }, env)).to.deep.include({
      endpoint: 'wss://option/prod',
      token: 'option',
      tunnelId: '012345678901',
    });
    expect(read({}, { POSTERN_ENDPOINT: '', POSTERN_TOKEN: '', POSTERN_TUNNEL_ID: '' })).to.deep.equal(read({}));
  });

  it('reads the rest', () => {
    expect(read({ balance: 'failover' }).balance).to.equal('failover');
    expect(readSettings({ balance: 'fair' }, {})).to.include({ code: 'usage' });
    expect(read({ hostHeader: 'rewrite' }).hostHeader).to.deep.equal({ kind: 'rewrite' });
    expect(read({ hostHeader: 'app.test' }).hostHeader).to.deep.equal({ kind: 'fixed', value: 'app.test' });
    expect(read({ connectTimeout: '500ms', requestTimeout: '1m' })).to.deep.include({
      connectTimeoutMs: 500,
      requestTimeoutMs: 60_000,
    });
    expect(read({ json: true, verbose: true })).to.deep.include({ json: true, detail: 'verbose' });
    expect(read({ quiet: true }).detail).to.equal('quiet');
  });

  for (const [options, cause] of [
    [{ endpoint: 'nowhere' }, 'not a URL'],
    [{ endpoint: 'https://x.example/prod' }, 'ws:// or wss://'],
    [{ endpoint: 'wss://me:secret@x.example/prod' }, 'credentials'],
    [{ endpoint: 'wss://x.example/prod#a' }, 'fragment'],
    [{ endpoint: ['wss://a', 'wss://b'] }, '--endpoint is given more than once'],
    [{ token: '' }, 'token'],
    [{ token: 'a b' }, 'token'],
    [{ tunnelId: 'AB' }, '"AB"'],
    [{ tunnelId: '-abc' }, '"-abc"'],
    [{ tunnelId: { x: '1' } }, '--tunnel-id needs a value'],
    [{ hostHeader: 'a\r\nb' }, 'host header'],
    [{ connectTimeout: 'soon' }, '--connect-timeout soon'],
    [{ requestTimeout: '0' }, '--request-timeout 0'],
    [{ verbose: true, quiet: true }, 'contradict'],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const failure = readSettings(options, {});
      if (!isFailure(failure)) throw new Error('accepted');
      expect(failure.exit).to.equal(2);
      expect(failure.cause).to.contain(cause);
    });
  }

  it('never repeats a secret', () => {
    for (const options of [{ token: 'se cret' }, { endpoint: 'wss://me:secret@x.example/prod' }]) {
      const failure = readSettings(options, {});
      expect(JSON.stringify(failure)).not.to.contain('cret');
    }
  });
});
