import { ApiGatewayManagementApiClient, DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import undici from 'undici';
import { DEVELOPER_CREDENTIALS } from '../../emulator/iam/credentials.ts';
import { AgentEnded, newKeyFile, startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { echo, startUpstream, type Upstream } from '../support/upstream.ts';

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

function headersOf({ rawHeaders }: Echo): Map<string, string> {
  const pairs: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    pairs.push([String(rawHeaders[at]).toLowerCase(), String(rawHeaders[at + 1])]);
  }
  return new Map(pairs);
}

async function echoOf(response: Response): Promise<Echo> {
  expect(response.status).to.equal(200);
  return (await response.json()) as Echo;
}

describe('a tunnel through the whole stack', () => {
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;

  before(async () => {
    [cloud, upstream] = await Promise.all([startCloud(), startUpstream(echo)]);
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  it('gives a path URL with a 12-character id, and a subdomain URL', () => {
    const { tunnelId, publicUrl, subdomainUrl } = agent.online;
    const { port } = new URL(cloud.http);
    expect(tunnelId).to.match(/^[a-z0-9]{12}$/);
    expect(publicUrl).to.equal(`http://localhost:${port}/${tunnelId}`);
    expect(subdomainUrl).to.equal(`http://${tunnelId}.localhost:${port}`);
  });

  for (const [path, seen] of [
    ['', '/'],
    ['/', '/'],
    ['?x=1', '/?x=1'],
    ['/api/users?b=2&a=1&b=3&c=', '/api/users?b=2&a=1&b=3&c='],
    ['//twice//', '//twice//'],
    ['/a%20b/%C3%A9?q=%2F%20+', '/a%20b/%C3%A9?q=%2F%20+'],
  ]) {
    it(`forwards …${path} as ${seen}`, async () => {
      const request = await echoOf(await fetch(`${agent.online.publicUrl}${path}`));
      expect(request.url).to.equal(seen);
      expect(headersOf(request).get('x-forwarded-prefix')).to.equal(`/${agent.online.tunnelId}`);
    });
  }

  it('serves the same tunnel by its subdomain, at the root', async () => {
    const { host } = new URL(agent.online.subdomainUrl ?? '');
    // Browsers and curl resolve `*.localhost` by themselves; Node asks the system, which may not.
    const { body } = await undici.request(`${cloud.http}/rooted?x=1`, { headers: { host } });
    const request = (await body.json()) as Echo;
    const headers = headersOf(request);
    expect(request.url).to.equal('/rooted?x=1');
    expect(headers.has('x-forwarded-prefix')).to.equal(false);
    expect(headers.get('host')).to.equal(host);
  });

  it('passes method, headers and bytes on, and replaces forged X-Forwarded-*', async () => {
    const body = new Uint8Array(256).map((_, at) => at);
    const request = await echoOf(
      await fetch(agent.online.publicUrl, {
        method: 'PATCH',
        body,
        headers: { 'x-own': 'yes', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', cookie: 'a=1; b=2' },
      }),
    );
    const headers = headersOf(request);
    expect(request.method).to.equal('PATCH');
    expect([...Buffer.from(request.body, 'base64')]).to.deep.equal([...body]);
    expect(headers.get('x-own')).to.equal('yes');
    expect(headers.get('cookie')).to.equal('a=1; b=2');
    expect(headers.get('x-forwarded-for')).to.match(/^(127\.0\.0\.1|::1)$/);
    expect(headers.get('x-forwarded-host')).to.equal(new URL(cloud.http).host);
    expect(headers.get('x-forwarded-proto')).to.equal('http');
  });

  it('tells its status by connection id and by tunnel id', async () => {
    const { connectionId, tunnelId, publicUrl } = agent.online;
    const byConnection = await fetch(`${cloud.http}/_status/${encodeURIComponent(connectionId)}`);
    const byTunnel = await fetch(`${cloud.http}/_status/tunnel/${tunnelId}`);
    expect(await byConnection.json()).to.include({ status: 'online', tunnelId, publicUrl });
    expect(await byTunnel.json()).to.include({ status: 'online', agents: 1, tunnelId, publicUrl });
    expect((await fetch(`${cloud.http}/_status/AAAAAAAAAAAAAAA=`)).status).to.equal(404);
  });

  it('answers 404 for an unknown tunnel: a page for browsers, JSON otherwise, one code', async () => {
    const json = await fetch(`${cloud.http}/nobodyhasthis/x`);
    expect(json.status).to.equal(404);
    expect(json.headers.get('x-postern-error')).to.equal('tunnel_not_found');
    expect(await json.json()).to.have.nested.property('error.code', 'tunnel_not_found');
    const page = await fetch(`${cloud.http}/nobodyhasthis/x`, { headers: { accept: 'text/html,*/*' } });
    expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(await page.text()).to.include('tunnel_not_found');
  });

  it('answers 502 when nothing listens upstream, and 502 again once the agent is gone', async () => {
    const silent = await startUpstream(echo);
    await silent.stop();
    const lonely = await startAgent({ endpoint: cloud.websocket, upstream: silent.url });
    const unreachable = await fetch(lonely.online.publicUrl);
    expect(unreachable.status).to.equal(502);
    expect(unreachable.headers.get('x-postern-error')).to.equal('upstream_unreachable');
    expect(await lonely.stop()).to.equal(0);
    const offline = await fetch(lonely.online.publicUrl);
    expect(offline.status).to.equal(502);
    expect(offline.headers.get('x-postern-error')).to.equal('agent_offline');
  });

  it('answers 504 when the upstream is silent for longer than the agent waits', async () => {
    const silent = await startUpstream(() => {});
    const patient = await startAgent({ endpoint: cloud.websocket, upstream: silent.url, requestTimeout: '100ms' });
    const response = await fetch(patient.online.publicUrl);
    expect(response.status).to.equal(504);
    expect(response.headers.get('x-postern-error')).to.equal('upstream_timeout');
    await patient.stop();
    await silent.stop();
  });

  it('gives a chosen id to its owner, takes it back at once, and refuses it to anybody else (exit code 4)', async () => {
    const keyFile = newKeyFile();
    const mine = { endpoint: cloud.websocket, upstream: upstream.url, tunnelId: 'my-own-name', keyFile };
    const first = await startAgent(mine);
    expect(first.online.publicUrl).to.equal(`${cloud.http}/my-own-name`);
    const refused = await startAgent({ ...mine, keyFile: newKeyFile() }).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(AgentEnded).and.have.property('exit', 4);
    await first.stop();
    const second = await startAgent(mine);
    expect((await echoOf(await fetch(`${cloud.http}/my-own-name/back`))).url).to.equal('/back');
    await second.stop();
  });

  it('comes back with the same id when its connection is cut', async () => {
    const cut = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
    const management = new ApiGatewayManagementApiClient({
      endpoint: cloud.emulator.urls.management ?? '',
      region: 'us-east-1',
      credentials: DEVELOPER_CREDENTIALS,
    });
    await management.send(new DeleteConnectionCommand({ ConnectionId: cut.online.connectionId }));
    management.destroy();
    const again = await cut.next((event) => event.event === 'online' && event.connectionId !== cut.online.connectionId);
    expect(again).to.include({ tunnelId: cut.online.tunnelId, publicUrl: cut.online.publicUrl });
    expect((await echoOf(await fetch(`${cut.online.publicUrl}/back`))).url).to.equal('/back');
    expect(cut.events.map(({ event }) => event)).to.include.members(['offline', 'reconnecting']);
    await cut.stop();
  });

  it('passes redirects on and follows none', async () => {
    const moved = await startUpstream((_request, response) => {
      response.writeHead(302, { location: '/elsewhere', 'set-cookie': ['a=1; Path=/', 'b=2'] }).end();
    });
    const mover = await startAgent({ endpoint: cloud.websocket, upstream: moved.url });
    const response = await fetch(mover.online.publicUrl, { redirect: 'manual' });
    expect(response.status).to.equal(302);
    expect(response.headers.get('location')).to.equal('/elsewhere');
    expect(response.headers.getSetCookie()).to.deep.equal(['a=1; Path=/', 'b=2']);
    await mover.stop();
    await moved.stop();
  });

  it('logs tunnel id, request id and path, but no query, body or token', async () => {
    await fetch(`${agent.online.publicUrl}/logged?secret=hunter2`, { method: 'POST', body: 'swordfish' });
    const lines = cloud.log.filter(({ source }) => source.endsWith('-forward')).map(({ message }) => message);
    const line = lines.find((text) => text.includes('/logged'));
    expect(JSON.parse(line ?? '{}')).to.include({ event: 'forwarded', tunnelId: agent.online.tunnelId, status: 200 });
    expect(cloud.log.map(({ message }) => message).join('\n')).to.not.match(/hunter2|swordfish/);
  });
});
