import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { ANY_PORTS, endCommands, startCommand } from '../support/command.ts';
import { echo, startUpstream, type Upstream } from '../support/upstream.ts';

const POSTERN = 'agent/bin.mjs';
const SLS = 'node_modules/serverless/bin/serverless.js';

function urlIn(line: string): string {
  return /https?:\/\/\S+[^/\s]/.exec(line)?.[0] ?? '';
}

describe('the commands that people run', function () {
  this.timeout(60_000);
  let upstream: Upstream;

  before(async () => {
    upstream = await startUpstream(echo);
  });

  after(() => upstream.stop());
  afterEach(endCommands);

  it('npm start -- --once shows the public URL, checks it and exits 0', async () => {
    const command = startCommand([POSTERN, 'dev', '--once']);
    expect(await command.exit, command.output()).to.equal(0);
    expect(command.output()).to.match(/public URL +http:\/\/localhost:\d+\/[a-z0-9]{12}\/$/m);
    expect(command.output()).to.match(/checked +GET http:\/\/localhost:\d+\/[a-z0-9]{12} → 200/);
    expect(command.output()).to.not.match(/\berror\b|warn/i);
  });

  it('npm start -- <upstream> tunnels it until Ctrl-C, then exits 0', async () => {
    const command = startCommand([POSTERN, 'dev', upstream.url, '--tunnel-id', '012345678901']);
    const publicUrl = urlIn(await command.line(/public URL/));
    expect(publicUrl).to.match(/\/012345678901$/);
    const response = await fetch(`${publicUrl}/hello?x=1`);
    expect(await response.json()).to.include({ method: 'GET', url: '/hello?x=1' });
    command.signal('SIGINT');
    expect(await command.exit, command.output()).to.equal(0);
    expect(await fetch(publicUrl).catch(() => 'nothing listens')).to.equal('nothing listens');
  });

  it('Ctrl-C lets a request in flight finish, and complains of nothing', async () => {
    let reached: () => void = () => {};
    const inFlight = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const slow = await startUpstream((request, response) => {
      if (request.url !== '/slow') return void response.end();
      reached();
      setTimeout(() => response.end('finished'), 700);
    });
    const command = startCommand([POSTERN, 'dev', slow.url]);
    const publicUrl = urlIn(await command.line(/public URL/));
    await command.line(/checked/);
    const answer = fetch(`${publicUrl}/slow`).then((response) => response.text());
    await inFlight;
    command.signal('SIGINT');
    expect(await answer).to.equal('finished');
    expect(await command.exit).to.equal(0);
    expect(command.output()).to.not.match(/\berror\b|warn/i);
    await slow.stop();
  });

  it('npx sls offline shows its endpoints, npx postern tunnels through it, both end with 0', async () => {
    const offline = startCommand([SLS, 'offline'], ANY_PORTS);
    await offline.line(/DynamoDB +http/);
    for (const name of ['HTTP API', 'WebSocket API', 'Management API', 'Lambda']) {
      expect(offline.output()).to.match(new RegExp(`${name} +(http|ws)://`));
    }
    const endpoint = /ws:\/\/\S+/.exec(offline.output())?.[0] ?? '';
    const agent = startCommand([POSTERN, upstream.url, '--json'], { POSTERN_ENDPOINT: endpoint });
    const online = JSON.parse(await agent.line(/"event":"online"/));
    expect(online).to.include.keys('at', 'tunnelId', 'publicUrl', 'subdomainUrl', 'connectionId');
    expect((await fetch(`${online.publicUrl}/through`)).status).to.equal(200);
    const request = JSON.parse(await agent.line(/"event":"request"/));
    expect(request).to.include({ method: 'GET', path: '/through', status: 200 });
    agent.signal('SIGTERM');
    expect(await agent.exit, agent.output()).to.equal(0);
    offline.signal('SIGINT');
    expect(await offline.exit, offline.output()).to.equal(0);
  });

  it('npm start says what it cannot run, with --json as an event, and fails', async () => {
    const command = startCommand([POSTERN, 'dev', '--once', '--json'], { POSTERN_DYNAMODB: 'local' });
    expect(await command.exit).to.equal(1);
    expect(JSON.parse(command.output())).to.include({ event: 'error', code: 'DATABASE_UNREACHABLE' });
  });

  it('npx sls offline says which port is taken, and fails', async () => {
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
    const { port } = occupant.address() as AddressInfo;
    const offline = startCommand([SLS, 'offline'], { ...ANY_PORTS, POSTERN_HTTP_PORT: String(port) });
    expect(await offline.exit).to.equal(1);
    expect(offline.output()).to.include(`Port ${port} (http) is taken by another process.`);
    expect(offline.output()).to.not.match(/^ +at /m);
    occupant.close();
  });
});
