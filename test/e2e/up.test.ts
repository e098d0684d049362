import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Cloud, ROOT, startCloud } from '../support/cloud.ts';
import { endCommands, startCommand } from '../support/command.ts';
import { echo, startUpstream, type Upstream } from '../support/upstream.ts';

const POSTERN = join(ROOT, 'agent/bin.mjs');

describe('postern up, as people run it', function () {
  this.timeout(60_000);
  let cloud: Cloud;
  let folder: string;
  let upstreams: Upstream[] = [];

  before(async () => {
    cloud = await startCloud();
  });

  after(() => cloud.stop());

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-up-'));
  });

  afterEach(async () => {
    await endCommands();
    for (const upstream of upstreams) await upstream.stop();
    upstreams = [];
    rmSync(folder, { recursive: true });
  });

  async function upstream(listener: Parameters<typeof startUpstream>[0]): Promise<string> {
    const started = await startUpstream(listener);
    upstreams.push(started);
    return started.url;
  }

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text);
  }

  function postern(...words: string[]) {
    return startCommand([POSTERN, ...words], {}, folder);
  }

  function urlIn(line: string): string {
    return /http:\S+[^/\s]/.exec(line)?.[0] ?? '';
  }

  it('opens the tunnels of postern.yml with what .env says, and drains all on Ctrl-C', async () => {
    let reached: () => void = () => {};
    const inFlight = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let answer: () => void = () => {};
    const web = await upstream((_request, response) => {
      answer = () => response.end('finished');
      reached();
    });
    const api = await upstream(echo);
    write('.env', `EDGE=${cloud.websocket}\n`);
    write(
      'postern.yml',
      `version: 1
endpoint: \${EDGE}
tunnels:
  website: { upstream: "${web}", tunnel-id: up-website }
  api: { upstream: "${api}", tunnel-id: 012345678901, host-header: api.test }
`,
    );
    const command = postern('up');
    const website = urlIn(await command.line(/^website {2} *public URL/));
    const echoing = urlIn(await command.line(/^api {7} *public URL/));
    expect([website, echoing].map((url) => new URL(url).pathname)).to.deep.equal(['/up-website', '/012345678901']);
    const echoed = (await (await fetch(`${echoing}/hello?x=1`)).json()) as { url: string; rawHeaders: string[] };
    expect(echoed.url).to.equal('/hello?x=1');
    expect(echoed.rawHeaders).to.include('api.test');
    await command.line(/^api .*GET +\/hello +200/);
    const waiting = fetch(website).then((response) => response.text());
    await inFlight;
    command.signal('SIGINT');
    await command.line(/^api .*stopped/);
    answer();
    expect(await waiting).to.equal('finished');
    expect(await command.exit, command.output()).to.equal(0);
    expect(command.output()).to.match(/^website .*stopped$/m);
    expect(command.output()).to.not.match(/\berror\b|warn/i);
  });

  it('serves the others when an id is taken, says so in JSON with each name, and ends with 4', async () => {
    write('one.yml', `version: 1\ntunnels: { first: { upstream: "${await upstream(echo)}", tunnel-id: up-mine } }\n`);
    write(
      'two.yml',
      `version: 1
tunnels:
  mine: { upstream: 1, tunnel-id: up-mine }
  other: { upstream: "${await upstream(echo)}" }
`,
    );
    write('.env', `POSTERN_ENDPOINT=${cloud.websocket}\n`);
    const owner = postern('up', '--config', 'one.yml');
    await owner.line(/public URL/);
    const command = postern('up', '--config', 'two.yml', '--json');
    const failed = JSON.parse(await command.line(/"event":"error"/));
    expect(failed).to.include({ tunnel: 'mine', code: 'tunnel_id_taken' });
    const online = JSON.parse(await command.line(/"event":"online"/));
    expect(online).to.include({ tunnel: 'other' });
    expect((await fetch(`${online.publicUrl}/still`)).status).to.equal(200);
    command.signal('SIGTERM');
    expect(await command.exit, command.output()).to.equal(4);
    for (const line of command.output().split('\n')) expect(JSON.parse(line)).to.have.property('tunnel');
  });

  it('opens a dozen without a warning, and says of each that there is no edge', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
    const tunnels = names.map((name) => `  ${name}: { upstream: 1 }\n`);
    write(
      'postern.yml',
      `version: 1\nendpoint: ws://127.0.0.1:1/dev\nconnect-timeout: 1ms\ntunnels:\n${tunnels.join('')}`,
    );
    const command = postern('up');
    expect(await command.exit, command.output()).to.equal(5);
    expect(command.output()).to.not.match(/warning/i);
    for (const name of names) expect(command.output()).to.match(new RegExp(`^${name} .*edge_unreachable`, 'm'));
  });

  it('refuses a broken file with every mistake, before it opens anything', async () => {
    write('postern.yml', 'version: 1\ntunnels:\n  web: { upsteam: 3000 }\n  api: { upstream: "${PORT}" }\n');
    for (const words of [
      ['up', 'web'],
      ['config', 'validate'],
    ]) {
      const command = postern(...words);
      expect(await command.exit).to.equal(2);
      expect(command.output()).to.match(/^postern\.yml:3:10: unknown key upsteam .* did you mean upstream\?/m);
      expect(command.output()).to.match(
        /^postern\.yml:4:20: upstream of the tunnel api: the variable PORT is not set/m,
      );
    }
  });

  it('says what is missing where there is no file', async () => {
    const command = postern('up');
    expect(await command.exit).to.equal(2);
    expect(command.output()).to.equal(
      'postern: postern.yml is not read: there is no such file.\nName the file with --config, or write a postern.yml here.',
    );
  });
});
