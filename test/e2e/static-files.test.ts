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

  it('comes out file for file as it is', async () => {
    expect(FILES.length).to.be.greaterThan(20);
    for (const file of FILES) {
      const response = await fetch(`${agent.online.publicUrl}/${file}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect({ file, status: response.status, hash: sha256(bytes) }).to.deep.equal({
        file,
        status: 200,
        hash: sha256(readFileSync(join(FOLDER, file))),
      });
    }
  });

  it('keeps entity tags and their 304, ranges and their 206', async () => {
    const url = `${agent.online.publicUrl}/favicon-32x32.png`;
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    const unchanged = await fetch(url, { headers: { 'if-none-match': etag } });
    expect(unchanged.status).to.equal(304);
    const part = await fetch(url, { headers: { range: 'bytes=10-29' } });
    expect(part.status).to.equal(206);
    expect(part.headers.get('content-range')).to.match(/^bytes 10-29\//);
    const whole = readFileSync(join(FOLDER, 'favicon-32x32.png'));
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(10, 30))).to.equal(true);
  });
});
