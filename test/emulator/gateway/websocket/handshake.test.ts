import { expect } from 'chai';
import { WebSocket } from 'ws';
import {
  createGate,
  createStack,
  openClient,
  permission,
  rawRequest,
  refusalOf,
  START,
  startTestGateway,
  stopAll,
  type TestFunction,
  THROWS,
  until,
  WS_ARN,
  webSocketApi,
} from '../fixture.ts';

const ROUTES = { $connect: 'connect', $disconnect: 'disconnect', $default: 'message' };

function start(connect: TestFunction, options: Parameters<typeof startTestGateway>[2] = {}) {
  return startTestGateway(createStack({ webSocketApi: webSocketApi(ROUTES) }), { connect }, options);
}

describe('WebSocket handshake', () => {
  afterEach(stopAll);

  it('is held until $connect has finished, whose body reaches nobody (WS-01, WS-02)', async () => {
    const gate = createGate();
    const { websocket, invoker } = await start(async () => {
      await gate.opened;
      return { statusCode: 200, body: '{"greeting":true}' };
    });
    const opening = openClient(websocket);
    await until(() => invoker.events.length === 1);
    let open = false;
    opening.then(() => {
      open = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).to.equal(false);
    gate.open();
    const client = await opening;
    const received: unknown[] = [];
    client.socket.on('message', (data) => received.push(data));
    client.socket.close(1000);
    await client.closed;
    expect(received).to.deep.equal([]);
  });

  it('sends the function a CONNECT event of this connection (WS-11, WS-12, WS-20)', async () => {
    const { websocket, invoker } = await start(() => ({ statusCode: 204 }));
    await openClient(`${websocket}?token=a%20b`, [], { 'x-Custom': '1', 'user-agent': 'ua' });
    const [event] = invoker.eventsOf('connect');
    expect(event).to.have.all.keys(
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'requestContext',
      'isBase64Encoded',
    );
    expect(event?.headers).to.include({ 'x-Custom': '1', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '443' });
    expect(event?.headers).to.include.keys('Host', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'X-Amzn-Trace-Id');
    expect(event?.headers).to.not.have.any.keys('Connection', 'Upgrade', 'connection', 'upgrade');
    expect(event?.queryStringParameters).to.deep.equal({ token: 'a b' });
    const requestContext = event?.requestContext ?? {};
    expect(requestContext).to.include({
      routeKey: '$connect',
      eventType: 'CONNECT',
      stage: 'dev',
      apiId: 'wsapi12345',
      domainName: 'wsapi12345.execute-api.us-east-1.amazonaws.com',
      connectedAt: START,
      requestTimeEpoch: START + 1,
    });
    expect(requestContext.connectionId).to.match(/^[A-Za-z0-9_-]{15}=$/);
    expect(requestContext.requestId).to.equal(requestContext.extendedRequestId);
    expect(requestContext.identity).to.have.all.keys('userAgent', 'sourceIp').and.include({ userAgent: 'ua' });
  });

  it('accepts any 2xx and fails with any other status (WS-03, WS-04)', async () => {
    let statusCode = 299;
    const { websocket, log } = await start(() => ({ statusCode, body: 'secret' }));
    await openClient(websocket);
    for (statusCode of [301, 400, 401, 403, 500]) {
      const { status, body } = await refusalOf(websocket);
      expect(status).to.equal(statusCode);
      expect(body)
        .to.match(/^\{"message": ".+", "connectionId":".{15}=", "requestId":".{15}="\}$/)
        .and.not.include('secret');
    }
    expect(log.at(-1)).to.include({ behaviour: 'WS-04' });
  });

  it('may refuse without a body, by switch (WS-04)', async () => {
    const { websocket } = await start(() => ({ statusCode: 401 }), { switches: { failedHandshakeBody: false } });
    expect(await refusalOf(websocket)).to.deep.equal({ status: 401, body: '' });
  });

  it('fails with 502 when $connect throws or names no usable status (WS-05)', async () => {
    const results: unknown[] = [THROWS, undefined, 'ok', {}, { statusCode: 'x' }, { statusCode: 0 }, [200]];
    let result: unknown;
    const { websocket, log } = await start(() => result);
    for (result of results) {
      const refusal = await refusalOf(websocket);
      expect(refusal.status, JSON.stringify(result)).to.equal(502);
      expect(refusal.body).to.not.include('secret detail');
    }
    expect(log.filter((entry) => entry.behaviour === 'WS-05')).to.have.length(results.length);
  });

  it('fails with 500 and no invocation when the permission misses the stage, story bug 1 (WS-06, WS-07)', async () => {
    const stack = createStack({ webSocketApi: webSocketApi(ROUTES) }, [permission('connect', `${WS_ARN}/$connect`)]);
    const { websocket, invoker, log } = await startTestGateway(stack, {});
    expect((await refusalOf(websocket)).status).to.equal(500);
    expect(invoker.events).to.deep.equal([]);
    expect(log).to.have.length(1);
    expect(log[0]).to.include({ level: 'error', behaviour: 'WS-06' });
    expect(log[0]?.message).to.include(`${WS_ARN}/dev/$connect`).and.include(`allows ${WS_ARN}/$connect`);
  });

  it('needs no $connect route (WS-09)', async () => {
    const { websocket, invoker } = await startTestGateway(
      createStack({ webSocketApi: webSocketApi({ $default: 'm' }) }),
      {},
    );
    await openClient(websocket);
    expect(invoker.events).to.deep.equal([]);
  });

  it('fails when $connect takes longer than 29 s (WS-10)', async () => {
    const { websocket, clock, invoker } = await start(() => new Promise(() => {}));
    const refusal = refusalOf(websocket);
    await until(() => invoker.events.length === 1);
    clock.advance(29_000);
    expect((await refusal).status).to.equal(504);
  });

  it('returns the sub-protocol that the function names, and none of its own (WS-13)', async () => {
    const { websocket } = await start((event) => ({
      statusCode: 200,
      headers: event.headers['x-choose'] ? { 'sec-websocket-protocol': event.headers['x-choose'] } : {},
    }));
    const { socket } = await openClient(websocket, ['one', 'two'], { 'x-choose': 'two' });
    expect(socket.protocol).to.equal('two');
    const none = await openClient(websocket, ['one']).then(
      () => 'opened',
      (error: Error) => error.message,
    );
    expect(none).to.include('no subprotocol');
  });

  it('may fail with another status after 29 s, by switch; a function that times out first gives 502 (WS-10)', async () => {
    let result: unknown = new Promise(() => {});
    const { websocket, clock, invoker } = await start(() => result, { switches: { connectTimeoutStatus: 500 } });
    const refusal = refusalOf(websocket);
    await until(() => invoker.events.length === 1);
    clock.advance(29_000);
    expect((await refusal).status).to.equal(500);
    result = { kind: 'failed', errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 3.00 seconds' };
    expect((await refusalOf(websocket)).status).to.equal(502);
  });

  it('takes a URL of 4,096 characters and none longer, with a status by switch (WS-18)', async () => {
    const own = 'wss://wsapi12345.execute-api.us-east-1.amazonaws.com/dev?x=';
    const filled = (characters: number) => `?x=${'y'.repeat(characters - own.length)}`;
    const { websocket, invoker, log } = await start(() => ({ statusCode: 200 }));
    await openClient(`${websocket}${filled(4_096)}`);
    expect((await refusalOf(`${websocket}${filled(4_097)}`)).status).to.equal(414);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-18' });
    expect(invoker.events).to.have.length(1);
    const other = await start(() => ({ statusCode: 200 }), { switches: { urlLimitStatus: 400 } });
    expect((await refusalOf(`${other.websocket}${filled(4_097)}`)).status).to.equal(400);
  });

  it('does not negotiate permessage-deflate, unless by switch (WS-14)', async () => {
    const plain = await start(() => ({ statusCode: 200 }));
    expect((await openClient(plain.websocket)).socket.extensions).to.equal('');
    const { websocket, invoker } = await start(() => ({ statusCode: 200 }), { switches: { permessageDeflate: true } });
    const client = await openClient(websocket);
    expect(client.socket.extensions).to.include('permessage-deflate');
    client.socket.send('x'.repeat(100_000));
    await until(() => invoker.eventsOf('message').length === 1);
    expect(invoker.eventsOf('message')[0]?.body).to.have.length(100_000);
    const upgrade = 'GET /dev HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    const broken =
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: ;;\r\n\r\n';
    expect(await rawRequest(websocket, upgrade + broken)).to.match(/^HTTP\/1.1 400 /);
    await until(() => invoker.eventsOf('disconnect').length === 1);
  });

  it('may produce $disconnect when $connect refused, by switch (WS-66)', async () => {
    const { websocket, invoker } = await start(() => ({ statusCode: 403 }), {
      switches: { disconnectAfterRefusal: true },
    });
    await refusalOf(websocket);
    await until(() => invoker.eventsOf('disconnect').length === 1);
    const [connect, disconnect] = [invoker.eventsOf('connect')[0], invoker.eventsOf('disconnect')[0]];
    expect(disconnect?.requestContext.connectionId).to.equal(connect?.requestContext.connectionId);
  });

  it('leaves one line that says what became of it, and where to look', async () => {
    const results: [unknown, string, string][] = [
      [{ statusCode: 200 }, 'WS-01', 'open on wsapi12345.execute-api.us-east-1.amazonaws.com, stage dev'],
      [{ statusCode: 401 }, 'WS-04', 'its own log tells why'],
      [THROWS, 'WS-05', 'its own log has the rest'],
      [{}, 'WS-05', 'no usable statusCode: {}'],
      [{ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'a\r\nb' } }, 'WS-05', 'cannot be sent'],
    ];
    for (const [result, behaviour, words] of results) {
      const { websocket, log } = await start(() => result);
      await openClient(websocket).catch(() => {});
      expect(log.map((entry) => entry.behaviour)).to.deep.equal([behaviour]);
      expect(log[0]?.message)
        .to.match(/connection [\w-]{15}= /)
        .and.include(words);
    }
  });

  it('produces no $disconnect when it failed (WS-66)', async () => {
    const { websocket, invoker } = await start(() => ({ statusCode: 403 }));
    await refusalOf(websocket);
    await refusalOf(websocket);
    expect(invoker.eventsOf('disconnect')).to.deep.equal([]);
  });

  it('outlives a client that vanishes while $connect runs, and says $disconnect then', async () => {
    const gate = createGate();
    const { websocket, invoker } = await start(async () => {
      await gate.opened;
      return { statusCode: 200 };
    });
    const socket = new WebSocket(websocket);
    socket.on('error', () => {});
    await until(() => invoker.events.length === 1);
    socket.terminate();
    gate.open();
    await until(() => invoker.eventsOf('disconnect').length === 1);
    expect(invoker.eventsOf('disconnect')[0]?.requestContext.disconnectStatusCode).to.equal(1006);
  });

  it('loses nothing that a client sends before it is accepted, nor its limits (WS-41)', async () => {
    const { websocket, invoker } = await start(() => ({ statusCode: 200 }));
    const upgrade = 'GET /dev HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    const early = '\x81\x82\0\0\0\0hi';
    const close = '\x88\x80\0\0\0\0';
    const tooLong = `\x81\xfe\xff\xff\0\0\0\0${'x'.repeat(65_535)}`;
    expect(await rawRequest(websocket, upgrade + key + early + tooLong + close))
      .to.match(/^HTTP\/1.1 101 /)
      .and.include('\x88\x02\x03\xf1');
    expect(invoker.eventsOf('message').map((event) => event.body)).to.deep.equal(['hi']);
  });

  it('is refused on any stage but its own, and when malformed', async () => {
    const { websocket, invoker } = await start(() => ({ statusCode: 200 }));
    expect((await refusalOf(websocket.replace('/dev', '/prod'))).status).to.equal(403);
    expect((await refusalOf(websocket.replace('/dev', '/'))).status).to.equal(403);
    const upgrade = 'GET /dev HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
    expect(await rawRequest(websocket, `${upgrade}\r\n`)).to.match(/^HTTP\/1.1 426 /);
    expect(await rawRequest(websocket, `${upgrade}Sec-WebSocket-Version: 13\r\n\r\n`)).to.match(/^HTTP\/1.1 400 /);
    expect(await rawRequest(websocket, `${upgrade.replace('websocket', 'h2c')}\r\n`)).to.match(/^HTTP\/1.1 400 /);
    expect(invoker.events).to.deep.equal([]);
  });
});
