import { once } from 'node:events';
import { expect } from 'chai';
import {
  createStack,
  openClient,
  startTestGateway,
  stopAll,
  type TestClient,
  type TestGateway,
  until,
  webSocketApi,
} from '../fixture.ts';
import { signedFetch } from './sign.ts';

const MINUTE = 60_000;

async function start(options: Parameters<typeof startTestGateway>[2] = {}) {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  return startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, options);
}

/** The code and reason that the DISCONNECT event told. */
async function disconnectOf({ invoker }: TestGateway): Promise<unknown[]> {
  await until(() => invoker.eventsOf('x').length === 1);
  const { disconnectStatusCode, disconnectReason } = invoker.eventsOf('x')[0]?.requestContext ?? {};
  return [disconnectStatusCode, disconnectReason];
}

function idOf({ invoker }: TestGateway): string {
  return String(invoker.eventsOf('c')[0]?.requestContext.connectionId);
}

describe('WebSocket limits', () => {
  afterEach(stopAll);

  it('take a frame of 32 KB and close on a larger one with 1009 (WS-41)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    client.socket.send('a'.repeat(32 * 1024));
    await until(() => test.invoker.eventsOf('d').length === 1);
    client.socket.send('small');
    client.socket.send('b'.repeat(32 * 1024 + 1));
    client.socket.send('after');
    expect((await client.closed).code).to.equal(1009);
    expect(await disconnectOf(test)).to.deep.equal([1009, '']);
    expect(test.invoker.eventsOf('d').map((event) => event.body?.[0])).to.deep.equal(['a', 's']);
  });

  it('tell of the limit that was set (WS-41, WS-42)', async () => {
    for (const [quotas, limit] of [
      [{ frameBytes: 100 }, 'a frame of more than 100 bytes'],
      [{ messageBytes: 200 }, 'a message of more than 200 bytes'],
    ] as const) {
      const test = await start({ quotas });
      (await openClient(test.websocket)).socket.send('a'.repeat(300));
      await until(() => test.log.some(({ message }) => message.includes(limit)));
    }
  });

  it('have a switch for whether pings are answered (WS-48)', async () => {
    for (const answersPings of [true, false]) {
      const test = await start({ switches: { answersPings } });
      const { socket } = await openClient(test.websocket);
      let pongs = 0;
      socket.on('pong', () => pongs++);
      socket.ping();
      socket.send('after the ping');
      await until(() => test.invoker.eventsOf('d').length === 1);
      // Whatever the gateway had to say to the ping comes before what is posted now.
      const posted = once(socket, 'message');
      const url = `${test.management}/@connections/${encodeURIComponent(idOf(test))}`;
      await signedFetch(url, { method: 'POST', body: 'x' });
      await posted;
      expect(pongs).to.equal(answersPings ? 1 : 0);
    }
  });

  it('have a switch for the reason of a connection that just went (WS-62)', async () => {
    for (const reason of ['', 'Connection reset']) {
      const test = await start({ switches: { abnormalCloseReason: reason } });
      (await openClient(test.websocket)).socket.terminate();
      expect(await disconnectOf(test)).to.deep.equal([1006, reason]);
    }
  });

  it('close at the header of a large frame, without waiting for its end (WS-41)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    const closing = new Promise((resolve) => client.socket.once('close', resolve));
    client.raw.write(Buffer.from([0x81, 0x80 | 126, 0x80, 0x01, 0, 0, 0, 0, 1, 2, 3]));
    expect(await closing).to.equal(1009);
  });

  it('close on one giant frame without holding it (WS-41)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    client.socket.send('x'.repeat(8 * 1024 * 1024), () => {});
    expect((await client.closed).code).to.equal(1009);
    expect(await disconnectOf(test)).to.deep.equal([1009, '']);
  });

  it('take 128 KB in fragments as one event, and close on more (WS-42)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    const part = 'x'.repeat(32 * 1024);
    for (let index = 0; index < 4; index++) client.socket.send(part, { fin: index === 3 });
    await until(() => test.invoker.eventsOf('d').length === 1);
    expect(test.invoker.eventsOf('d')[0]?.body).to.have.length(131_072);
    for (let index = 0; index < 5; index++) client.socket.send(index < 4 ? part : 'y', { fin: index === 4 });
    expect((await client.closed).code).to.equal(1009);
    expect(test.invoker.eventsOf('d')).to.have.length(1);
  });

  it('close on a binary frame with 1003 and invoke nothing (WS-40)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    client.socket.send(Buffer.from('{}'));
    expect((await client.closed).code).to.equal(1003);
    expect(await disconnectOf(test)).to.deep.equal([1003, '']);
    expect(test.invoker.eventsOf('d')).to.deep.equal([]);
  });

  it('close on text that is none, and on malformed frames', async () => {
    const test = await start();
    const invalid = await openClient(test.websocket);
    invalid.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await invalid.closed).code).to.equal(1007);
    expect(await disconnectOf(test)).to.deep.equal([1007, '']);
    const malformed = await openClient(test.websocket);
    malformed.socket.on('error', () => {});
    malformed.raw.write(Buffer.from([0xf3, 0x80, 0, 0, 0, 0]));
    expect((await malformed.closed).code).to.equal(1002);
  });

  it('close after ten idle minutes; messages of either direction count, pings do not (WS-46, WS-48)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    test.clock.advance(9 * MINUTE);
    client.socket.send('x');
    await until(() => test.invoker.eventsOf('d').length === 1);
    test.clock.advance(9 * MINUTE);
    const url = `${test.management}/@connections/${encodeURIComponent(idOf(test))}`;
    expect((await signedFetch(url, { method: 'POST', body: 'x' })).status).to.equal(200);
    test.clock.advance(9 * MINUTE);
    client.socket.ping();
    await once(client.socket, 'pong');
    expect(client.socket.readyState).to.equal(client.socket.OPEN);
    test.clock.advance(MINUTE);
    expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Going away' });
    expect(await disconnectOf(test)).to.deep.equal([1001, 'Going away']);
  });

  it('may count pings, by switch (WS-48)', async () => {
    const test = await start({ switches: { pingResetsIdle: true } });
    const client = await openClient(test.websocket);
    test.clock.advance(9 * MINUTE);
    client.socket.ping();
    await once(client.socket, 'pong');
    test.clock.advance(9 * MINUTE);
    client.socket.ping();
    await once(client.socket, 'pong');
    expect(client.socket.readyState).to.equal(client.socket.OPEN);
  });

  it('close after two hours, whatever the activity (WS-47)', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    for (let minutes = 0; minutes < 119; minutes += 7) {
      client.socket.ping();
      client.socket.send('x');
      const sent = minutes / 7 + 1;
      await until(() => test.invoker.eventsOf('d').length === sent);
      test.clock.advance(7 * MINUTE);
    }
    expect(client.socket.readyState).to.equal(client.socket.OPEN);
    test.clock.advance(MINUTE);
    expect(await client.closed).to.deep.equal({ code: 1001, reason: 'Going away' });
  });

  it('leave no timer behind a closed connection', async () => {
    const test = await start();
    const before = test.clock.pending();
    const client = await openClient(test.websocket);
    client.socket.close();
    await client.closed;
    await disconnectOf(test);
    await until(() => test.clock.pending() === before);
  });
});

describe('$disconnect', () => {
  afterEach(stopAll);

  it("tells the client's own code and reason, or that it gave none (WS-61, WS-62)", async () => {
    const closes: [(client: TestClient) => void, number, string][] = [
      [({ socket }) => socket.close(), 1005, 'Client-side close frame status not set'],
      [({ socket }) => socket.close(1001), 1001, ''],
      [({ socket }) => socket.close(4000, 'my reason'), 4000, 'my reason'],
      [({ socket }) => socket.terminate(), 1006, ''],
    ];
    for (const [close, code, reason] of closes) {
      const test = await start();
      close(await openClient(test.websocket));
      expect(await disconnectOf(test)).to.deep.equal([code, reason]);
      const [event] = test.invoker.eventsOf('x');
      expect(Object.keys(event?.headers ?? {})).to.deep.equal(['Host', 'x-api-key', 'X-Forwarded-For', 'x-restapi']);
      expect(event).to.not.have.property('body');
    }
  });
});
