import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type Credentials, createCredentialStore } from '../../emulator/iam/credentials.ts';
import { type S3Server, startS3Server } from '../adapters/s3-server.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const BUCKET = 'large-responses';
const bytes = randomBytes(20_000_000);

function sha256(whole: Uint8Array): string {
  return createHash('sha256').update(whole).digest('hex');
}

describe('large responses through the whole stack', () => {
  const signers: Credentials[] = [];
  let s3: S3Server;
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;

  before(async () => {
    s3 = await startS3Server({ bucket: BUCKET, credentials: signers });
    cloud = await startCloud({
      environment: { POSTERN_LARGE_RESPONSES_BUCKET: BUCKET, AWS_ENDPOINT_URL_S3: s3.url },
      change(stack) {
        // The emulator issues credentials by its seed: these are the forward function's.
        const issued = createCredentialStore(stack.functions, stack.accountId, 1);
        signers.push(
          ...stack.functions.filter(({ name }) => name.endsWith('-forward')).map((fn) => issued.ofFunction(fn)),
        );
        return stack;
      },
    });
    upstream = await startUpstream((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream');
      const size = Number(searchParams.get('size') ?? bytes.length);
      response.statusCode = Number(searchParams.get('status') ?? 200);
      response
        .setHeader('content-type', 'application/x-tar')
        .setHeader('set-cookie', 'seen=1')
        .setHeader('etag', '"1"');
      if (pathname === '/announced') response.setHeader('content-length', size);
      if (pathname === '/dies') return void response.write(bytes.subarray(0, 10_000_000), () => response.destroy());
      for (let at = 0; at < size; at += 1_000_000) response.write(bytes.subarray(at, Math.min(size, at + 1_000_000)));
      response.end();
    });
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop(), s3?.stop()]);
  });

  function ask(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`${agent.online.publicUrl}${path}`, { redirect: 'manual', ...options });
  }

  for (const path of ['/announced', '/chunked']) {
    it(`sends the visitor where the body is: ${path.slice(1)}`, async () => {
      const redirect = await ask(path);
      expect(redirect.status).to.equal(302);
      expect(redirect.headers.get('cache-control')).to.equal('no-store');
      expect(redirect.headers.get('set-cookie')).to.equal('seen=1');
      expect(redirect.headers.get('etag')).to.equal(null);
      const location = redirect.headers.get('location') ?? '';
      expect(location.startsWith(`${s3.url}/${BUCKET}/${agent.online.tunnelId}/`), location).to.equal(true);
      const response = await fetch(location);
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.equal('application/x-tar');
      expect(sha256(new Uint8Array(await response.arrayBuffer()))).to.equal(sha256(bytes));
    });

    it(`gives back itself what the door can surely carry, and no more: ${path.slice(1)}`, async () => {
      const before = s3.requests.length;
      for (const size of [0, 5, 4_600_000]) {
        const response = await ask(`${path}?size=${size}`);
        expect(response.status).to.equal(200);
        expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(0, size))).to.equal(true);
      }
      expect(s3.requests.length).to.equal(before);
      expect((await ask(`${path}?size=5000000`)).status).to.equal(302);
    });
  }

  for (const [what, path, options] of [
    ['a POST', '/announced', { method: 'POST' }],
    ['a range', '/announced', { headers: { range: 'bytes=0-' } }],
    ['If-Match', '/chunked', { headers: { 'if-match': '"1"' } }],
    ['a 404', '/announced?status=404', {}],
  ] as const) {
    it(`still answers ${what} with 502 response_too_large`, async () => {
      const before = s3.requests.length;
      const response = await ask(path, options);
      expect(response.status).to.equal(502);
      expect(response.headers.get('x-postern-error')).to.equal('response_too_large');
      expect(s3.requests.length).to.equal(before);
    });
  }

  it('says 502 upstream_failed where the upstream dies in mid-answer', async () => {
    const response = await ask('/dies');
    expect(response.status).to.equal(502);
    expect(response.headers.get('x-postern-error')).to.equal('upstream_failed');
  });

  it('says 502 response_too_large where the place takes nothing', async () => {
    const known = signers.splice(0);
    const response = await ask('/announced');
    signers.push(...known);
    expect(response.status).to.equal(502);
    expect(response.headers.get('x-postern-error')).to.equal('response_too_large');
    expect(agent.events.filter(({ event }) => event === 'error').at(-1))
      .to.have.property('message')
      .that.contains('403');
  });
});
