import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { main } from '../../../agent/cli/commands.ts';
import { useCleanup } from '../support/cleanup.ts';

describe('postern config validate', () => {
  const cleanup = useCleanup();

  /** A file of this text, checked. */
  async function check(text: string, { json = false, env = {} } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'postern-config-'));
    cleanup(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'tunnels.yml');
    writeFileSync(file, text);
    const written = { out: '', err: '' };
    const exit = await main({
      argv: ['config', 'validate', '--config', file, ...(json ? ['--json'] : [])],
      env,
      stdout: { write: (part) => (written.out += part) },
      stderr: { write: (part) => (written.err += part) },
      stop: new AbortController().signal,
      kill: new AbortController().signal,
    });
    return { exit, file, ...written };
  }

  const RIGHT = `version: 1
endpoint: "wss://x.example/prod?key=Sesame"
token: \${TOKEN}
tunnels:
  web: { upstream: 3000, tunnel-id: my-web, host-header: app.test, request-timeout: 20s, balance: sticky, quiet: true }
  api: { upstream: https://localhost:8443 }
`;

  it('shows a person what would run, without secrets', async () => {
    const { exit, file, out, err } = await check(RIGHT, { env: { TOKEN: 'Sesame' } });
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' });
    expect(out).to.equal(`${file} is right: 2 tunnels.

web
  upstream         http://localhost:3000
  endpoint         wss://x.example/prod?…
  tunnel id        my-web
  token            given, not shown
  host header      app.test
  balance          sticky
  connect timeout  10 s
  request timeout  20 s
  detail           quiet

api
  upstream         https://localhost:8443
  endpoint         wss://x.example/prod?…
  tunnel id        a random one
  token            given, not shown
  host header      preserve
  balance          spread
  connect timeout  10 s
  request timeout  25 s
`);
  });

  it('shows a program the same', async () => {
    const { exit, file, out } = await check(RIGHT, { json: true, env: { TOKEN: 'Sesame' } });
    expect(exit).to.equal(0);
    expect(out).to.not.contain('Sesame');
    const { at, ...event } = JSON.parse(out);
    expect(at).to.be.a('number');
    expect(event).to.deep.equal({
      event: 'config',
      file,
      tunnels: [
        {
          name: 'web',
          upstream: 'http://localhost:3000',
          endpoint: 'wss://x.example/prod?…',
          tunnelId: 'my-web',
          token: true,
          hostHeader: 'app.test',
          balance: 'sticky',
          connectTimeoutMs: 10_000,
          requestTimeoutMs: 20_000,
          detail: 'quiet',
        },
        {
          name: 'api',
          upstream: 'https://localhost:8443',
          endpoint: 'wss://x.example/prod?…',
          token: true,
          hostHeader: 'preserve',
          balance: 'spread',
          connectTimeoutMs: 10_000,
          requestTimeoutMs: 25_000,
          detail: 'normal',
        },
      ],
    });
  });

  it('ends with 2 and each mistake in a line of its own', async () => {
    const { exit, file, out, err } = await check(RIGHT);
    expect({ exit, out }).to.deep.equal({ exit: 2, out: '' });
    expect(err.split('\n')).to.deep.equal([
      `postern: ${file} has a mistake.`,
      `${file}:3:8: token for all tunnels: the variable TOKEN is not set; set what is missing, or give a default: \${TOKEN:-…}`,
      'Nothing was opened: mend these first.',
      '',
    ]);
  });

  it('shows no control characters of the file', async () => {
    const { err } = await check('"\\e[2J": 1\nversion: 1\ntunnels: { a: { upstream: 1 } }\n');
    expect(err).to.contain('unknown key ?[2J').and.not.contain('\x1b');
  });

  it('gives a program the places', async () => {
    const { exit, file, out, err } = await check('version: 1\nport: 3000\n', { json: true });
    expect({ exit, err }).to.deep.equal({ exit: 2, err: '' });
    const event = JSON.parse(out);
    expect(event).to.include({ event: 'error', code: 'config_invalid' });
    expect(event.problems).to.have.length(2);
    expect(event.problems[0]).to.include({ file, line: 1, column: 1 });
    expect(event.problems[1]).to.include({ file, line: 2, column: 1 });
    expect(event.problems[1].message).to.match(/^unknown key port/);
  });
});
