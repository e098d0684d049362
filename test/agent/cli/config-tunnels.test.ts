import { expect } from 'chai';
import { type ConfiguredTunnel, readConfig } from '../../../agent/cli/config-tunnels.ts';
import type { Environment } from '../../../agent/cli/context.ts';
import type { RawOptions } from '../../../agent/cli/settings.ts';

const HEAD = 'version: 1\ntunnels:\n';

function read(text: string, env: Environment = {}, given: RawOptions = {}): readonly ConfiguredTunnel[] {
  const result = readConfig(text, env, given);
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems));
  return result.tunnels;
}

/** `line:column: message`, one for each problem. */
function problems(text: string, env: Environment = {}): string[] {
  const result = readConfig(text, env);
  if (result.kind === 'tunnels') throw new Error('accepted');
  return result.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

describe('readConfig', () => {
  it('reads tunnels in the order of the file, with the defaults of the command line', () => {
    const [web, api, ...others] = read(
      `${HEAD}  web: { upstream: 3000 }\n  api: { upstream: https://localhost:8443 }\n`,
    );
    expect(others).to.deep.equal([]);
    expect(web).to.deep.equal({
      name: 'web',
      upstream: { protocol: 'http:', hostname: 'localhost', port: 3000, authority: 'localhost:3000' },
      settings: {
        endpoint: 'ws://localhost:4001/dev',
        hostHeader: { kind: 'preserve' },
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 25_000,
        json: false,
        detail: 'normal',
      },
    });
    expect(api).to.deep.include({ name: 'api' });
    expect(api?.upstream).to.include({ protocol: 'https:', port: 8443 });
  });

  it('knows every option, as the command line does', () => {
    const [tunnel] = read(`${HEAD}  web:
    upstream: 3000
    endpoint: wss://x.example/prod
    token: sesame
    tunnel-id: 012345678901
    host-header: rewrite
    connect-timeout: 500ms
    request-timeout: 20
    quiet: true
`);
    expect(tunnel?.settings).to.deep.equal({
      endpoint: 'wss://x.example/prod',
      token: 'sesame',
      tunnelId: '012345678901',
      hostHeader: { kind: 'rewrite' },
      connectTimeoutMs: 500,
      requestTimeoutMs: 20_000,
      json: false,
      detail: 'quiet',
    });
  });

  it('lets a tunnel win over the whole file, that over variables, and the command line over all', () => {
    const text = `version: 1
endpoint: wss://file/prod
quiet: true
tunnels:
  one: { upstream: 1 }
  two: { upstream: 2, endpoint: "wss://own/prod", verbose: true }
`;
    const env = { POSTERN_ENDPOINT: 'wss://env/prod', POSTERN_TOKEN: 'env' };
    const settings = (given: RawOptions) => read(text, env, given).map((tunnel) => tunnel.settings);
    const [one, two] = settings({});
    expect(one).to.include({ endpoint: 'wss://file/prod', token: 'env', detail: 'quiet' });
    expect(two).to.include({ endpoint: 'wss://own/prod', token: 'env', detail: 'verbose' });
    expect(settings({ verbose: true, json: true })).to.have.nested.property('[0].detail', 'verbose');
    expect(settings({ json: true })).to.have.nested.property('[1].json', true);
    expect(read(`${HEAD}  one: { upstream: 1 }\n`, env)[0]?.settings.endpoint).to.equal('wss://env/prod');
  });

  it('does not give POSTERN_TUNNEL_ID to several', () => {
    const [one] = read(`${HEAD}  one: { upstream: 1 }\n`, { POSTERN_TUNNEL_ID: 'my-id' });
    expect(one?.settings).to.not.have.property('tunnelId');
  });

  it('puts variables into values; one that comes to nothing is as if it were not there', () => {
    const text = `version: 1
endpoint: wss://\${HOST}/prod
token: \${TOKEN:-}
tunnels:
  one: { upstream: "\${PORT:-3000}", token: "\${OWN:-}" }
`;
    const [set] = read(text, { HOST: 'x.example', TOKEN: 'sesame', PORT: '4000' });
    expect(set?.settings).to.include({ endpoint: 'wss://x.example/prod', token: 'sesame' });
    expect(set?.upstream.port).to.equal(4000);
    const [unset] = read(text, { HOST: 'x.example' });
    expect(unset?.settings).to.not.have.property('token');
    expect(unset?.upstream.port).to.equal(3000);
  });

  it('follows aliases', () => {
    const [one, two] = read(`${HEAD}  one: &all { upstream: 3000, quiet: true }\n  two: *all\n`);
    expect({ ...one, name: 'two' }).to.deep.equal(two);
  });

  it('tells everything that is wrong at once, each with its place', () => {
    const text = `version: 2
endpoint: nowhere
requets-timeout: 20s
tunnels:
  web: { upsteam: 3000, host-header: [a], quiet: yes }
  api:
    connect-timeout: soon
    tunnel-id: true
    upstream: http://x/y
    upstream: 3000
  web: 3000
  "my web": { upstream: "\${NONE}" }
`;
    const options = 'endpoint, token, tunnel-id, host-header, balance, connect-timeout, request-timeout';
    const found = problems(text);
    expect(found.map((line) => /^\d+:\d+/.exec(line)?.[0])).to.deep.equal([
      '1:10',
      '2:11',
      '3:1',
      '5:10',
      '5:38',
      '5:50',
      '7:22',
      '8:16',
      '9:15',
      '10:5',
      '11:3',
      '11:8',
      '12:3',
      '12:25',
    ]);
    expect(found).to.include.members([
      '1:10: version: expected 1, found 2',
      `5:10: unknown key upsteam of the tunnel web, did you mean upstream? Known are: upstream, ${options}, verbose, quiet`,
      '5:38: host-header of the tunnel web: expected text, found a list',
      '5:50: quiet of the tunnel web: expected true or false, found text',
      '8:16: tunnel-id of the tunnel api: expected text, found true; put it in quotes if it is meant as text',
      '10:5: the key upstream is there twice, first in line 9',
      '11:3: the tunnel web is there twice, first in line 5',
      '11:8: the tunnel web: expected a map, like { upstream: 3000 }, found text',
    ]);
    expect(found[1]).to.match(/endpoint for all tunnels: The endpoint "nowhere" is not a URL/);
    expect(found[2]).to.match(/unknown key requets-timeout at the top, did you mean request-timeout\?/);
    expect(found[6]).to.match(/connect-timeout of the tunnel api: connect-timeout soon is not a time\. Use seconds/);
    expect(found[8]).to.match(/upstream of the tunnel api: "http:\/\/x\/y" is not an upstream/);
    expect(found[12]).to.match(/the name "my web": expected/);
    expect(found[13]).to.match(/upstream of the tunnel my web: the variable NONE is not set.*\$\{NONE:-…\}/);
  });

  for (const [what, text, expected] of [
    ['an empty file', '', /^1:1: expected a map with version and tunnels, found nothing$/],
    ['a list', '- web', /^1:1: expected a map with version and tunnels, found a list$/],
    ['no version', 'tunnels: { web: { upstream: 1 } }', /^1:1: the key version is missing; expected version: 1$/],
    ['no tunnels', 'version: 1', /^1:1: the key tunnels is missing/],
    ['nothing for tunnels', HEAD, /^2:9: tunnels: expected a map of names.*found nothing$/],
    ['empty tunnels', 'version: 1\ntunnels: {}', /^2:10: tunnels: .*found an empty one$/],
    ['no upstream', `${HEAD}  web: {}`, /^3:3: upstream of the tunnel web: it is missing; expected a port/],
    ['an upstream from nothing', `${HEAD}  web: { upstream: "\${A:-}" }`, /^3:20: .*it is missing/],
    [
      'a default tunnel id',
      `tunnel-id: abc\n${HEAD}  web: { upstream: 1 }`,
      /^1:1: tunnel-id belongs below a tunnel's/,
    ],
    ['a merge key', `${HEAD}  web: { upstream: 1, <<: 3 }`, /^3:23: unknown key << of the tunnel web; Known are/],
    ['both switches', `${HEAD}  web: { upstream: 1, quiet: true, verbose: true }`, /^3:3: .*contradict/],
    ['a lone dollar', `${HEAD}  web: { upstream: $PORT }`, /^3:20: .*a reference is \$\{NAME\}.* is \$\$$/],
    ['a reference without quotes', `${HEAD}  web: { upstream: \${PORT} }`, /^3:21: .*needs quotes: "\$\{NAME\}"$/],
    ['an alias of nothing', `${HEAD}  web: *none`, /^3:8: there is no anchor &none$/],
    ['an alias within itself', `version: 1\ntunnels: &a { web: *a }`, /^2:15: unknown key web of the tunnel web/],
    ['a tag', `${HEAD}  web: { upstream: !env PORT }`, /^3:20: Unresolved tag: !env$/],
    ['tabs', 'version: 1\ntunnels:\n\tweb: 1', /^3:1: Tabs are not allowed/],
    ['two documents', `${HEAD}  web: { upstream: 1 }\n---\na: 1`, /^4:1: a second document begins here/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(problems(text)[0]).to.match(expected);
    });
  }

  it('does not let two tunnels ask one endpoint for one id', () => {
    const two = (second: string) => `version: 1
endpoint: ws://localhost:4001/dev
tunnels:
  one: { upstream: 1, tunnel-id: my-id }
  two: { upstream: 2, tunnel-id: my-id${second} }
`;
    const found = problems(two(', endpoint: "ws://LOCALHOST:4001/dev"'));
    expect(found).to.deep.equal([
      '5:34: tunnel-id of the tunnel two: the tunnel one asks for the same id at the same endpoint',
    ]);
    expect(read(two(', endpoint: "ws://localhost:4001/prod"'))).to.have.length(2);
    // Which endpoint was meant, nobody knows: one problem, not two.
    expect(problems(two(', endpoint: nowhere'))).to.have.length(1);
  });

  it('says when what is wrong comes from the environment', () => {
    const found = problems(`${HEAD}  web: { upstream: 1 }`, { POSTERN_ENDPOINT: 'nowhere' });
    expect(found[0]).to.match(/^3:3: the tunnel web: from the environment: The endpoint "nowhere" is not a URL/);
    const own = `${HEAD}  web: { upstream: 1, endpoint: "ws://localhost/dev" }`;
    expect(read(own, { POSTERN_ENDPOINT: 'nowhere' })).to.have.length(1);
  });

  it('never repeats what a variable holds, nor lines of the file', () => {
    const env = { SECRET: 'Open Sesame' };
    for (const key of ['endpoint', 'token', 'tunnel-id', 'host-header', 'connect-timeout', 'upstream']) {
      const found = problems(`${HEAD}  web: { ${key}: "\${SECRET}" }`, env).join('\n');
      expect(found, key).to.contain(key).and.not.contain('Sesame');
    }
    for (const text of [`token: { \${A} Sesame }`, `token: "Sesame`, `token: a: Sesame`, `token: {Sesame, [x}`]) {
      expect(problems(text).join('\n'), text).to.not.contain('Sesame');
    }
  });
});
