import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { createStack, httpApi, openClient, startTestGateway, stopAll, until, webSocketApi } from './fixture.ts';

const BOTH = createStack({
  httpApi: httpApi({ $default: 'f' }, '2.0'),
  webSocketApi: webSocketApi({ $disconnect: 'x', $default: 'd' }),
});

async function occupy(host: string, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}

async function isFree(port: number): Promise<boolean> {
  try {
    (await occupy('127.0.0.1', port)).server.close();
    return true;
  } catch {
    return false;
  }
}

describe('gateway', () => {
  afterEach(stopAll);

  it('listens for what the stack has, and names it', async () => {
    const { gateway } = await startTestGateway(BOTH, {});
    expect(gateway.urls.http).to.match(/^http:\/\/localhost:\d+$/);
    expect(gateway.urls.websocket).to.match(/^ws:\/\/localhost:\d+\/dev$/);
    expect(gateway.urls.management).to.equal(gateway.urls.websocket?.replace('ws:', 'http:'));
    const httpOnly = await startTestGateway(createStack({ httpApi: httpApi({}, '2.0') }), {});
    expect(httpOnly.gateway.urls).to.have.all.keys('http');
    const webSocketOnly = await startTestGateway(createStack({ webSocketApi: webSocketApi({}) }), {});
    expect(webSocketOnly.gateway.urls).to.have.all.keys('websocket', 'management');
  });

  it('answers on both loopbacks where the machine has both', async () => {
    const ipv6 = await occupy('::1').catch(() => undefined);
    if (!ipv6) return;
    ipv6.server.close();
    const { http, websocket } = await startTestGateway(BOTH, { f: () => 'hello' });
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(await (await fetch(http.replace('localhost', host))).text()).to.equal('hello');
      await openClient(websocket.replace('localhost', host));
    }
  });

  it('rejects with the port when one is taken, and leaves nothing listening', async () => {
    const free = await occupy('127.0.0.1');
    free.server.close();
    await once(free.server, 'close');
    const taken = await occupy('127.0.0.1');
    const error = await startTestGateway(BOTH, {}, { ports: { http: free.port, websocket: taken.port } }).then(
      () => undefined,
      (reason: NodeJS.ErrnoException & { port?: number }) => reason,
    );
    expect(error?.code).to.equal('EADDRINUSE');
    expect(error?.port).to.equal(taken.port);
    expect(error?.message).to.include(String(taken.port));
    expect(await isFree(free.port)).to.equal(true);
    taken.server.close();
  });

  it('stops at once: clients see 1001, ports are free, no function runs', async () => {
    const { gateway, http, websocket, invoker, clock } = await startTestGateway(BOTH, {
      f: () => new Promise(() => {}),
    });
    const client = await openClient(websocket);
    const answering = fetch(http).then(
      () => 'answered',
      () => 'cut off',
    );
    await until(() => invoker.events.length === 1);
    await gateway.stop();
    expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Going away' });
    expect(await answering).to.equal('cut off');
    expect(await isFree(Number(new URL(http).port))).to.equal(true);
    expect(await isFree(Number(new URL(websocket).port))).to.equal(true);
    expect(invoker.eventsOf('x')).to.deep.equal([]);
    // All that waits is the limit of the invocation that never ended.
    expect(clock.pending()).to.equal(1);
  });

  it('keeps two gateways of one process apart', async () => {
    const [one, two] = [await startTestGateway(BOTH, {}), await startTestGateway(BOTH, {})];
    (await openClient(one.websocket)).socket.send('one');
    await until(() => one.invoker.events.length === 1);
    expect(two.invoker.events).to.deep.equal([]);
  });

  it('keeps neither connections nor timers after a thousand have come and gone', async () => {
    const quotas = { connectsPerSecond: 1_000 };
    const { websocket, clock, invoker } = await startTestGateway(BOTH, {}, { quotas });
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => openClient(websocket)));
      for (const { socket } of clients) socket.send('x');
      for (const { socket } of clients) socket.close();
      await Promise.all(clients.map(({ closed }) => closed));
    }
    await until(() => invoker.eventsOf('x').length === 1_000 && clock.pending() === 0);
    expect(invoker.eventsOf('d')).to.have.length(1_000);
  });
});
