import { connect } from 'node:net';
import { expect } from 'chai';
import {
  createStack,
  httpApi,
  openClient,
  rawRequest,
  startTestGateway,
  stopAll,
  until,
  webSocketApi,
} from './fixture.ts';
import { signedFetch } from './websocket/sign.ts';

const OK = () => ({ statusCode: 200 });

describe('the log of a gateway', () => {
  afterEach(stopAll);

  function start(routes: Record<string, string>, options: Parameters<typeof startTestGateway>[2] = {}) {
    const stack = createStack({
      httpApi: httpApi({ 'GET /items/{id}': 'items' }, '2.0'),
      webSocketApi: webSocketApi(routes),
    });
    return startTestGateway(stack, { items: OK, c: OK, d: OK, x: OK }, options);
  }

  it('has a line for each request, connection, message and post that went well', async () => {
    const test = await start({ $connect: 'c', $disconnect: 'x', $default: 'd' });
    const { invoker, log } = test;
    const lines = () => log.map(({ level, message }) => `${level} ${message}`);
    await fetch(`${test.http}/items/7?token=secret`);
    expect(lines()).to.have.length(1);
    expect(lines()[0]).to.match(/^info GET \/items\/7 200 in 0 ms by items \(GET \/items\/\{id\}\), request \S{16}$/);

    const client = await openClient(test.websocket);
    const id = String(invoker.eventsOf('c')[0]?.requestContext.connectionId);
    expect(log.at(-1)).to.include({ level: 'info', behaviour: 'WS-01' });
    expect(log.at(-1)?.message).to.match(/^connection \S+ open on .+, after 0 ms: \$connect ran by c$/);
    client.socket.send('x');
    await until(() => lines().length === 3);
    expect(lines()[2]).to.match(/^info message \S+ of \S+ ran \$default in 0 ms by d: /);
    await signedFetch(`${test.management}/@connections/${encodeURIComponent(id)}`, { method: 'POST', body: 'x' });
    expect(lines()[3]).to.match(/^info POST \/dev\/@connections\/\S+ 200 in 0 ms$/);
    client.socket.close(1000);
    await until(() => lines().length === 6);
    expect(lines()[4]).to.match(/^info connection \S+ closed: 1000 /);
    expect(lines()[5]).to.match(/^info \$disconnect of \S+ ran in 0 ms by x$/);
  });

  it('says where no function was asked about a connection (WS-09)', async () => {
    const { websocket, log } = await start({ $default: 'd' });
    await openClient(websocket);
    expect(log.at(-1)).to.include({ level: 'info', behaviour: 'WS-09' });
    expect(log.at(-1)?.message).to.match(/: no \$connect route, so no function was asked$/);
  });

  it('tells of what Node refuses to read, and answers it (HA-22)', async () => {
    const large = `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(70_000)}`;
    const garbage = 'garbage\r\n\r\n';
    const slow = 'GET / HTTP/1.1\r\nHost: ';
    const { http, websocket, log } = await start(
      { $default: 'd' },
      { quotas: { headersMs: 50, requestMs: 50 }, switches: { headerLimitStatus: 494 } },
    );
    for (const url of [http, websocket]) {
      for (const [text, status, reason] of [
        [large, 494, 'its headers are far over the limit'],
        [garbage, 400, 'it is no HTTP (HPE_INVALID_METHOD'],
        [slow, 408, 'it took too long to come'],
      ] as const) {
        expect(await rawRequest(url, text)).to.match(new RegExp(`^HTTP/1.1 ${status} `));
        expect(log.at(-1)).to.include({ level: 'warn' });
        expect(log.at(-1)?.message).to.include(reason).and.include(`answered ${status}`);
      }
    }
    expect(log.filter(({ behaviour }) => behaviour === 'HA-22')).to.have.length(2);
  });

  it('is silent about clients that come and go', async () => {
    const { http, log, websocket } = await start({ $default: 'd' }, { quotas: { headersMs: 50, requestMs: 50 } });
    expect(await rawRequest(http, '')).to.match(/^HTTP\/1.1 408 /);
    for (const url of [http, websocket]) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.resetAndDestroy();
    }
    expect((await fetch(`${http}/items/1`)).status).to.equal(200);
    expect(log.map(({ level }) => level)).to.deep.equal(['info']);
  });
});
