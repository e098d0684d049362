import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { createStaticServer } from '../../fixtures/apps/static-server.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const FOLDER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES = readdirSync(FOLDER);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function described({ headers }: Response): object {
  return { type: headers.get('content-type'), etag: headers.get('etag') };
}

describe('a real static package through the tunnel', () => {
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;

  before(async () => {
    cloud = await startCloud();
    upstream = await startUpstream(createStaticServer(FOLDER));
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  it('comes out file for file as it is, described as the upstream describes it', async () => {
    expect(FILES.length).to.be.greaterThan(20);
    for (const file of FILES) {
      const response = await fetch(`${agent.online.publicUrl}/${file}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const hash = sha256(readFileSync(join(FOLDER, file)));
      expect({ file, status: response.status, hash: sha256(bytes), ...described(response) }).to.deep.equal({
        file,
        status: 200,
        hash,
        ...described(await fetch(`${upstream.url}/${file}`, { method: 'HEAD' })),
      });
    }
  });

  for (const [file, type] of [
    ['', 'text/html; charset=utf-8'],
    ['swagger-ui.css', 'text/css; charset=utf-8'],
    ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
    ['package.json', 'application/json'],
    ['favicon-16x16.png', 'image/png'],
    ['LICENSE', 'application/octet-stream'],
  ]) {
    it(`gives /${file} as ${type}`, async () => {
      const response = await fetch(`${agent.online.publicUrl}/${file}`, { method: 'HEAD' });
      expect(response.status).to.equal(200);
      expect(response.headers.get('content-type')).to.equal(type);
    });
  }

  it('keeps entity tags, and 304 without a body for the tag a browser holds', async () => {
    const url = `${agent.online.publicUrl}/favicon-32x32.png`;
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    expect(etag).to.match(/^"[0-9a-f]{16}"$/);
    const unchanged = await fetch(url, { headers: { 'if-none-match': etag } });
    expect(unchanged.status).to.equal(304);
    expect(unchanged.headers.get('etag')).to.equal(etag);
    expect((await unchanged.arrayBuffer()).byteLength).to.equal(0);
    expect((await fetch(url, { headers: { 'if-none-match': '"another"' } })).status).to.equal(200);
  });

  it('keeps ranges, and their 206', async () => {
    const whole = readFileSync(join(FOLDER, 'favicon-32x32.png'));
    const part = await fetch(`${agent.online.publicUrl}/favicon-32x32.png`, { headers: { range: 'bytes=10-29' } });
    expect(part.status).to.equal(206);
    expect(part.headers.get('content-range')).to.equal(`bytes 10-29/${whole.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(10, 30))).to.equal(true);
  });
});
