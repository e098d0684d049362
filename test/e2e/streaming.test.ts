import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'chai';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { bodyOf, startUpstream, type Upstream } from '../support/upstream.ts';

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const rendezvous of ['push', 'poll']) {
  describe(`the streaming door, by ${rendezvous}`, function () {
    this.timeout(60_000);
    const big = randomBytes(12_000_000);
    let cloud: Cloud;
    let upstream: Upstream;
    let agent: TestAgent;
    let url: string;
    /** Lets the upstream's event stream go on. */
    let proceed: () => void = () => {};
    let closed: Promise<unknown> = Promise.resolve();

    before(async () => {
      [cloud, upstream] = await Promise.all([
        startCloud({ environment: { POSTERN_RENDEZVOUS: rendezvous }, quotas: { streamBytesPerSecond: 1e9 } }),
        startUpstream(async (request, response) => {
          closed = once(response, 'close');
          switch (new URL(request.url ?? '', 'http://upstream').pathname) {
            case '/events':
              response.writeHead(200, { 'content-type': 'text/event-stream' });
              for (let number = 1; number <= 3; number += 1) {
                const next = new Promise<void>((resolve) => {
                  proceed = resolve;
                });
                response.write(`data: ${number}\n\n`);
                await next;
              }
              return void response.end();
            case '/big':
              response.writeHead(200, { 'content-type': 'application/octet-stream' });
              return void response.end(big);
            case '/broken':
              response.writeHead(200, { 'content-type': 'application/octet-stream' });
              response.write(big.subarray(0, 300_000), () => response.destroy());
              return;
            case '/cookies':
              response.writeHead(
                201,
                [
                  ['set-cookie', 'a=1'],
                  ['set-cookie', 'b=2'],
                  ['x-multi', 'one'],
                ].flat(),
              );
              return void response.end();
            case '/none':
              return void response.writeHead(204).end();
            case '/upload':
              return void response.end(sha256(await bodyOf(request)));
            default:
              return void response.end(request.url);
          }
        }),
      ]);
      agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
      const [door] = Object.values(cloud.emulator.urls.functions ?? {});
      url = `${door}/${agent.online.tunnelId}`;
    });

    after(async () => {
      await agent?.stop();
      await Promise.all([cloud?.stop(), upstream?.stop()]);
    });

    it('passes each event on before the next is there, and then the end', async () => {
      const { status, headers, body } = await fetch(`${url}/events`);
      expect(status).to.equal(200);
      expect(headers.get('content-type')).to.equal('text/event-stream');
      const texts: string[] = [];
      for await (const bytes of body ?? []) {
        texts.push(Buffer.from(bytes).toString());
        proceed();
      }
      expect(texts).to.deep.equal(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']);
    });

    it('gives back twelve megabytes as they are', async () => {
      const response = await fetch(`${url}/big`);
      expect(sha256(Buffer.from(await response.arrayBuffer()))).to.equal(sha256(big));
    });

    it('breaks off what the upstream breaks off: no short answer passes for a whole one', async () => {
      const response = await fetch(`${url}/broken`);
      // The word that it broke off may overtake the head (WS-44).
      if (response.status === 502) return expect(response.headers.get('x-postern-error')).to.equal('upstream_failed');
      expect(response.status).to.equal(200);
      const failed = await response.arrayBuffer().then(
        () => false,
        () => true,
      );
      expect(failed).to.equal(true);
    });

    for (const path of ['/a%2Fb%3Fc', '/a%20b//c%25', '/?q=%2F&q=2']) {
      it(`asks for exactly ${path} (LA-11)`, async () => {
        expect(await (await fetch(`${url}${path}`)).text()).to.equal(path);
      });
    }

    it('keeps status and cookies apart', async () => {
      const response = await fetch(`${url}/cookies`);
      expect(response.status).to.equal(201);
      expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
    });

    it('gives back answers without a body, and answers to HEAD', async () => {
      expect((await fetch(`${url}/none`)).status).to.equal(204);
      const head = await fetch(`${url}/big`, { method: 'HEAD' });
      expect(head.status).to.equal(200);
      expect(await head.text()).to.equal('');
    });

    it('takes four megabytes up', async () => {
      const body = big.subarray(0, 4_000_000);
      expect(await (await fetch(`${url}/upload`, { method: 'POST', body })).text()).to.equal(sha256(body));
    });

    it('says what failed, as the other door does', async () => {
      const response = await fetch(`${url.slice(0, -3)}xyz/`);
      expect(response.status).to.equal(404);
      expect(response.headers.get('x-postern-error')).to.equal('tunnel_not_found');
    });

    it('is named by the other door, which does not hang on events but lets the upstream go', async () => {
      const response = await fetch(`${agent.online.publicUrl}/events?a=1`);
      expect(response.status).to.equal(501);
      expect(response.headers.get('x-postern-error')).to.equal('streaming_only');
      expect(response.headers.get('link')).to.equal(`<${url}/events?a=1>; rel="alternate"`);
      await closed;
      proceed();
    });
  });
}
