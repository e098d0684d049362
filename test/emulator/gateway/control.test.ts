import { once } from 'node:events';
import { expect } from 'chai';
import {
  createStack,
  httpApi,
  openClient,
  refusalOf,
  startTestGateway,
  stopAll,
  type TestGateway,
  until,
  webSocketApi,
} from './fixture.ts';
import { signedFetch } from './websocket/sign.ts';

const MINUTE = 60_000;

function start(options: Parameters<typeof startTestGateway>[2] = {}) {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  return startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, options);
}

function idsOf({ invoker }: TestGateway): string[] {
  return invoker.eventsOf('c').map((event) => String(event.requestContext.connectionId));
}

async function post({ management }: TestGateway, id: string): Promise<number> {
  const url = `${management}/@connections/${encodeURIComponent(id)}`;
  return (await signedFetch(url, { method: 'POST', body: 'x' })).status;
}

describe('gateway control', () => {
  afterEach(stopAll);

  it('names the open connections, oldest first', async () => {
    const test = await start();
    expect(test.gateway.control.connections()).to.deep.equal([]);
    const first = await openClient(test.websocket);
    await openClient(test.websocket);
    expect(test.gateway.control.connections()).to.deep.equal(idsOf(test));
    first.socket.close();
    await until(() => test.gateway.control.connections().length === 1);
    expect(test.gateway.control.connections()).to.deep.equal(idsOf(test).slice(1));
  });

  it('closes all, and $disconnect runs as usual (WS-46, WS-62)', async () => {
    const test = await start();
    const clients = [await openClient(test.websocket), await openClient(test.websocket)];
    test.gateway.control.closeAll({ code: 1001, reason: 'Going away' });
    for (const client of clients) expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Going away' });
    await until(() => test.invoker.eventsOf('x').length === 2);
    expect(test.invoker.eventsOf('x')[0]?.requestContext).to.include({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
    expect(() => test.gateway.control.closeAll({ code: 1006, reason: '' })).to.not.throw();
    await openClient(test.websocket);
    expect(() => test.gateway.control.closeAll({ code: 1006, reason: '' })).to.throw();
    expect(test.gateway.control.connections()).to.have.length(1);
    expect(await post(test, idsOf(test)[2] ?? '')).to.equal(200);
  });

  it('cuts a connection: neither side hears of it or of the other (WS-49)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    const other = await openClient(test.websocket);
    const [id = ''] = idsOf(test);
    const heard: string[] = [];
    for (const event of ['message', 'pong', 'close']) client.socket.on(event, () => heard.push(event));
    test.gateway.control.cut(id);
    client.socket.send('lost');
    client.socket.ping();
    expect(await post(test, id)).to.equal(200);
    // What is sent after it on another connection has come and gone.
    other.socket.send('through');
    await until(() => test.invoker.eventsOf('d').length === 1);
    other.socket.ping();
    await once(other.socket, 'pong');
    expect(heard).to.deep.equal([]);
    expect(test.invoker.eventsOf('d')[0]?.body).to.equal('through');
    expect(test.gateway.control.connections()).to.deep.equal(idsOf(test));

    test.clock.advance(10 * MINUTE);
    await until(() => test.invoker.eventsOf('x').length === 2);
    const ended = test.invoker.eventsOf('x').find(({ requestContext }) => requestContext.connectionId === id);
    expect(ended?.requestContext).to.include({ disconnectStatusCode: 1001, disconnectReason: 'Going away' });
    expect(await post(test, id)).to.equal(410);
  });

  it('cuts a client that gives up: its end of the line is not noticed either (WS-49)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    const [id = ''] = idsOf(test);
    test.gateway.control.cut(id);
    const gone = once(client.raw, 'close');
    client.socket.terminate();
    await gone;
    await openClient(test.websocket);
    expect(await post(test, id)).to.equal(200);
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
  });

  it('cuts in the middle of a message, which never arrives', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    client.socket.send('half a', { fin: false });
    client.socket.ping();
    await once(client.socket, 'pong');
    test.gateway.control.cut(idsOf(test)[0] ?? '');
    client.socket.send(' message');
    const other = await openClient(test.websocket);
    other.socket.send('whole');
    await until(() => test.invoker.eventsOf('d').length === 1);
    expect(test.invoker.eventsOf('d')[0]?.body).to.equal('whole');
  });

  it('leaves nothing of a cut connection behind a gateway that stops', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    test.gateway.control.cut(idsOf(test)[0] ?? '');
    const closed = once(client.raw, 'close');
    await test.gateway.stop();
    await closed;
    expect(test.clock.pending()).to.equal(0);
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
  });

  it('leaves alone what is not open', async () => {
    const { gateway } = await start();
    expect(() => gateway.control.cut('AbCdEfGhIjKlMnO=')).to.not.throw();
  });

  it('refuses handshakes for a while, before any function is asked', async () => {
    const test = await start();
    test.gateway.control.refuseConnects(503, 1_000);
    expect((await refusalOf(test.websocket)).status).to.equal(503);
    expect(test.invoker.events).to.deep.equal([]);
    test.clock.advance(1_000);
    await openClient(test.websocket);
    test.gateway.control.refuseConnects(500, 1_000);
    test.gateway.control.refuseConnects(500, 0);
    await openClient(test.websocket);
  });

  it('does nothing without a WebSocket API', async () => {
    const { gateway } = await startTestGateway(createStack({ httpApi: httpApi({ $default: 'f' }, '2.0') }), {});
    gateway.control.closeAll({ code: 1001, reason: '' });
    gateway.control.cut('x');
    gateway.control.refuseConnects(500, 1_000);
    expect(gateway.control.connections()).to.deep.equal([]);
  });
});
