import { expect } from 'chai';
import { createStack, httpApi, startTestGateway, stopAll, webSocketApi } from '../emulator/gateway/fixture.ts';
import { type Browser, startBrowser } from './browser.ts';

/** Runs in the page: what a WebSocket goes through until it closes, in order. */
const RECORD = `(url, protocols, sends) => new Promise((resolve) => {
  const seen = [];
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => { seen.push('open ' + socket.protocol); for (const send of sends) socket.send(send); };
  socket.onmessage = ({ data }) => { seen.push(typeof data + ' ' + data); if (data === 'bye') socket.close(); };
  socket.onerror = () => seen.push('error');
  socket.onclose = ({ code, reason, wasClean }) => resolve([...seen, ['close', code, reason, wasClean].join(' ')]);
})`;

describe("a browser's WebSocket at the emulator", function () {
  this.timeout(30_000);
  let browser: Browser;

  before(async () => {
    browser = await startBrowser({});
  });
  after(() => browser?.stop());
  afterEach(stopAll);

  async function startPage(connect: object) {
    const { http, websocket } = await startTestGateway(
      createStack({
        webSocketApi: webSocketApi({ $connect: 'connect', '$default!': 'echo' }),
        httpApi: httpApi({ $default: 'page' }, '2.0'),
      }),
      {
        connect: () => connect,
        echo: ({ body }) => ({ body }),
        page: () => ({ statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<title>page</title>' }),
      },
    );
    const { page } = await browser.open(http);
    return (protocols: string[], sends: string[]) =>
      page.evaluate(
        `(${RECORD})(${JSON.stringify(websocket)}, ${JSON.stringify(protocols)}, ${JSON.stringify(sends)})`,
      );
  }

  it('opens, hears itself, and closes cleanly', async () => {
    const record = await startPage({ statusCode: 200 });
    expect(await record([], ['bye'])).to.deep.equal(['open ', 'string bye', 'close 1005  true']);
  });

  it('takes the sub-protocol that $connect names, and gives up where it names none (WS-13)', async () => {
    const named = await startPage({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'two' } });
    expect(await named(['one', 'two'], ['bye'])).to.deep.equal(['open two', 'string bye', 'close 1005  true']);
    const silent = await startPage({ statusCode: 200 });
    expect(await silent(['one', 'two'], [])).to.deep.equal(['error', 'close 1006  false']);
  });

  it('is closed with 1009 for a large frame, and sees an error where $connect refuses (WS-04, WS-41)', async () => {
    const record = await startPage({ statusCode: 200 });
    expect(await record([], ['x'.repeat(33_000)])).to.deep.equal(['open ', 'close 1009  true']);
    const refusing = await startPage({ statusCode: 403 });
    expect(await refusing([], [])).to.deep.equal(['error', 'close 1006  false']);
  });
});
