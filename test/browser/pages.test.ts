import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { build } from 'vite';
import { createStaticServer } from '../../fixtures/apps/static-server.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, ROOT, startCloud } from '../support/cloud.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { type Browser, startBrowser } from './browser.ts';

const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** What a page asks of other hosts, which no test reaches: Swagger UI's example document, for one. */
const ELSEWHERE = { openapi: '3.0.0', info: { title: 'From elsewhere', version: '1' }, paths: {} };

/** What Swagger UI does for a login (implicit flow), with the answer that a provider would redirect to. Runs in the page. */
const LOGIN = `new Promise((resolve) => {
  window.swaggerUIRedirectOauth2 = {
    state: 'mine',
    auth: { schema: new Map([['flow', 'implicit']]), name: 'a login' },
    callback: ({ token, isValid }) => resolve({ token, isValid }),
    errCb: resolve,
  };
  window.open('./oauth2-redirect.html?state=mine#access_token=a%20b&state=mine');
})`;

describe('pages in a browser, through the tunnel', function () {
  this.timeout(60_000);
  let browser: Browser;
  let cloud: Cloud;
  const built = mkdtempSync(join(tmpdir(), 'postern-vite-'));
  const running: (TestAgent | Upstream)[] = [];

  before(async () => {
    browser = await startBrowser(ELSEWHERE);
    cloud = await startCloud();
  });

  after(async () => {
    for (const each of running) await each.stop();
    await Promise.all([browser?.stop(), cloud?.stop()]);
    rmSync(built, { recursive: true, force: true });
  });

  async function serve(folder: string): Promise<TestAgent['online']> {
    const upstream = await startUpstream(createStaticServer(folder));
    const agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
    running.push(agent, upstream);
    return agent.online;
  }

  it('Swagger UI renders by the path URL, from relative links', async () => {
    const { publicUrl } = await serve(SWAGGER_UI);
    const { page, status, complaints } = await browser.open(`${publicUrl}/`);
    expect(status).to.equal(200);
    await page.waitForSelector('.swagger-ui .info .title');
    expect(await page.textContent('.swagger-ui .info .title')).to.include('From elsewhere');
    expect(complaints).to.deep.equal([]);
  });

  it('Swagger UI hears back from the page that it sends a login to, in a window of its own', async () => {
    const { publicUrl } = await serve(SWAGGER_UI);
    const { page, complaints } = await browser.open(`${publicUrl}/`);
    const heard = await page.evaluate(LOGIN);
    expect(heard).to.deep.equal({ token: { access_token: 'a b', state: 'mine' }, isValid: true });
    expect(complaints).to.deep.equal([]);
  });

  it('a page built by Vite renders by the subdomain URL, from links that begin with /', async () => {
    await build({
      root: `${ROOT}fixtures/apps/vite-page`,
      build: { outDir: built, emptyOutDir: true, modulePreload: { polyfill: false } },
      logLevel: 'silent',
    });
    const { subdomainUrl = '' } = await serve(built);
    const { page, status, complaints } = await browser.open(`${subdomainUrl}/`);
    expect(status).to.equal(200);
    await page.waitForSelector('#app img');
    expect(await page.textContent('#app')).to.equal(`rendered at ${new URL(subdomainUrl).host}`);
    const colour = await page.evaluate("getComputedStyle(document.querySelector('#app')).color");
    expect(colour).to.equal('rgb(20, 90, 50)');
    expect(complaints).to.deep.equal([]);
  });

  for (const [how, urlOf] of [
    ['path', ({ http }: Cloud) => `${http}/nobodyhasthis/`],
    ['subdomain', ({ http }: Cloud) => `http://nobodyhasthis.localhost:${new URL(http).port}/`],
  ] as const) {
    it(`an unknown tunnel is an honest page by its ${how} URL, with nothing else amiss`, async () => {
      const url = urlOf(cloud);
      const { page, status, complaints } = await browser.open(url);
      expect(status).to.equal(404);
      expect(await page.textContent('h1')).to.equal('No such tunnel');
      expect(await page.textContent('footer')).to.include('tunnel_not_found');
      // The page's own status is what the browser may complain of: as a response, and once more in its console.
      expect(complaints).to.include(`${url} 404`);
      const others = complaints.filter((each) => each !== `${url} 404` && !each.startsWith('Failed to load resource:'));
      expect(others).to.deep.equal([]);
    });
  }
});
