import { expect } from 'chai';
import { createStreams } from '../../../../emulator/stack/random.ts';
import {
  createGate,
  createStack,
  openClient,
  permission,
  START,
  startTestGateway,
  stopAll,
  type TestFunction,
  THROWS,
  until,
  WS_ARN,
  webSocketApi,
} from '../fixture.ts';

const ERROR_FRAME = /^\{"message": "Internal server error", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/;

function start(
  routes: Record<string, string>,
  functions: Record<string, TestFunction>,
  options: Parameters<typeof startTestGateway>[2] = {},
) {
  return startTestGateway(createStack({ webSocketApi: webSocketApi(routes) }), functions, options);
}

describe('WebSocket messages', () => {
  afterEach(stopAll);

  it('reach the selected route as MESSAGE events (WS-30, WS-31, WS-37, WS-38)', async () => {
    const { websocket, invoker } = await start(
      { $connect: 'c', $default: 'd', ping: 'p' },
      { c: () => ({ statusCode: 200 }) },
    );
    const { socket } = await openClient(websocket);
    socket.send('{"action":"ping","x":"é"}');
    socket.send('{"action":"other"}');
    socket.send('not json');
    await until(() => invoker.events.length === 4);
    const [connect] = invoker.eventsOf('c');
    const [ping] = invoker.eventsOf('p');
    expect(ping).to.have.all.keys('requestContext', 'body', 'isBase64Encoded');
    expect(ping?.body).to.equal('{"action":"ping","x":"é"}');
    expect(ping?.requestContext).to.include({
      routeKey: 'ping',
      eventType: 'MESSAGE',
      connectedAt: START,
      connectionId: connect?.requestContext.connectionId,
    });
    expect(ping?.requestContext.messageId)
      .to.match(/^[\w-]{15}=$/)
      .and.not.equal(ping?.requestContext.requestId);
    expect(ping?.requestContext.extendedRequestId).to.equal(ping?.requestContext.requestId);
    expect(invoker.eventsOf('d').map((event) => [event.requestContext.routeKey, event.body])).to.deep.equal([
      ['$default', '{"action":"other"}'],
      ['$default', 'not json'],
    ]);
  });

  it('without a route or $default are answered Forbidden and invoke nothing (WS-33)', async () => {
    const { websocket, invoker, log } = await start({ ping: 'p' }, {});
    const client = await openClient(websocket);
    client.socket.send('{"action":"other"}');
    expect(await client.message()).to.match(
      /^\{"message": "Forbidden", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="\}$/,
    );
    expect(invoker.events).to.deep.equal([]);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-33' });
    client.socket.send('{"action":"ping"}');
    await until(() => invoker.events.length === 1);
  });

  it('whose function fails are answered by one exact frame, without detail (WS-34)', async () => {
    const { websocket, log } = await start({ $default: 'd' }, { d: () => THROWS });
    const client = await openClient(websocket);
    client.socket.send('x');
    expect(await client.message()).to.match(ERROR_FRAME);
    client.socket.send('y');
    expect(await client.message()).to.match(ERROR_FRAME);
    expect(log.at(-1)?.message).to.include('secret detail');
  });

  it('whose function may not be invoked are answered by the same frame (WS-08)', async () => {
    const stack = createStack({ webSocketApi: webSocketApi({ $default: 'd' }) }, [
      permission('d', `${WS_ARN}/$default`),
    ]);
    const { websocket, invoker, log } = await startTestGateway(stack, {});
    const client = await openClient(websocket);
    client.socket.send('x');
    expect(await client.message()).to.match(ERROR_FRAME);
    expect(invoker.events).to.deep.equal([]);
    expect(log.filter((entry) => entry.behaviour === 'WS-08')).to.have.length(1);
    expect(log.at(-1)?.message).to.include(`${WS_ARN}/dev/$default`);
  });

  it('whose function takes longer than 29 s are answered, while it runs on (WS-10, WS-51)', async () => {
    const { websocket, invoker, clock } = await start({ $default: 'd' }, { d: () => new Promise(() => {}) });
    const client = await openClient(websocket);
    client.socket.send('x');
    await until(() => invoker.events.length === 1);
    clock.advance(29_000);
    expect(await client.message()).to.include('"Endpoint request timed out"');
  });

  it('may be answered with other words after that time, by switch (WS-51)', async () => {
    const options = { switches: { messageTimeoutText: 'Too late' } };
    const { websocket, invoker, clock, log } = await start(
      { $default: 'd' },
      { d: () => new Promise(() => {}) },
      options,
    );
    const client = await openClient(websocket);
    client.socket.send('x');
    await until(() => invoker.events.length === 1);
    clock.advance(29_000);
    expect(await client.message()).to.match(/^\{"message": "Too late", /);
    expect(log.at(-1)).to.include({ level: 'error', behaviour: 'WS-51' });
  });

  it('with unquoted keys reach their route only by switch (WS-32)', async () => {
    for (const [lenientRouteJson, name] of [
      [false, 'd'],
      [true, 's'],
    ] as const) {
      const routes = { $default: 'd', sendMessage: 's' };
      const { websocket, invoker } = await start(routes, {}, { switches: { lenientRouteJson } });
      const { socket } = await openClient(websocket);
      socket.send('{"action":"sendMessage", body:"hello"}');
      await until(() => invoker.events.length === 1);
      expect(invoker.events[0]?.name).to.equal(name);
    }
  });

  it('leave one line each that says what became of them, and where to look', async () => {
    const functions: Record<string, TestFunction> = { d: () => THROWS, ok: () => ({ statusCode: 200 }), 'e!': () => 7 };
    const { websocket, log } = await start({ $default: 'd', ok: 'ok', 'e!': 'e!' }, functions);
    const client = await openClient(websocket);
    const lines: [string, string, string][] = [
      ['x', 'WS-34', 'its own log has the rest'],
      ['{"action":"ok"}', 'WS-36', 'the route has no route response'],
      ['{"action":"e"}', 'WS-35', 'returned no object'],
    ];
    for (const [body, behaviour, words] of lines) {
      const before = log.length;
      client.socket.send(body);
      await until(() => log.length > before);
      expect(log.slice(before).map((entry) => entry.behaviour)).to.deep.equal([behaviour]);
      expect(log.at(-1)?.message)
        .to.match(/^message [\w-]{15}= of [\w-]{15}= /)
        .and.include(words);
    }
  });

  it('send nothing back, unless the route has a route response (WS-36)', async () => {
    const echo: TestFunction = (event) => ({ statusCode: 200, body: `got ${event.body}` });
    const { websocket, invoker } = await start({ $default: 'd', 'ask!': 'a' }, { d: echo, a: echo });
    const client = await openClient(websocket);
    client.socket.send('silent');
    await until(() => invoker.events.length === 1);
    client.socket.send('{"action":"ask"}');
    expect(await client.message()).to.equal('got {"action":"ask"}');
  });

  it('may be answered for a status of 400, by switch (WS-35)', async () => {
    const functions = { d: () => ({ statusCode: 400 }) };
    const { websocket } = await start({ $default: 'd' }, functions, { switches: { error4xxFrame: true } });
    const client = await openClient(websocket);
    client.socket.send('x');
    expect(await client.message()).to.match(ERROR_FRAME);
  });

  it('run at the same time, none waiting for another (WS-44)', async () => {
    const gate = createGate();
    const { websocket, invoker } = await start({ $default: 'd' }, { d: () => gate.opened });
    const { socket } = await openClient(websocket);
    for (let index = 0; index < 10; index++) socket.send(String(index));
    await until(() => invoker.events.length === 10);
    gate.open();
  });

  it('are shuffled by seed (WS-44)', async () => {
    const orderOf = async (seed: number) => {
      const options = { faults: { messageShuffleMs: 5 }, randomOf: createStreams(seed) };
      const { websocket, invoker, clock } = await start({ $default: 'd' }, {}, options);
      const { socket } = await openClient(websocket);
      const held = clock.pending();
      for (let index = 0; index < 20; index++) socket.send(String(index));
      await until(() => invoker.events.length + clock.pending() - held === 20);
      clock.advance(5);
      await until(() => invoker.events.length === 20);
      return invoker.events.map(({ event }) => Number(event.body));
    };
    const [first, again, other] = [await orderOf(1), await orderOf(1), await orderOf(2)];
    expect(first).to.deep.equal(again).and.not.deep.equal(other);
    expect(first).to.not.deep.equal([...first].sort((left, right) => left - right));
  });

  it('pause a connection with too many unsettled, and go on when they settle', async () => {
    const gate = createGate();
    const { websocket, invoker } = await start(
      { $default: 'd' },
      { d: () => gate.opened },
      { quotas: { messagesInFlight: 2 } },
    );
    const client = await openClient(websocket);
    client.socket.send('1');
    client.socket.send('2');
    await until(() => invoker.events.length === 2);
    client.socket.send('3');
    gate.open();
    await until(() => invoker.events.length === 3);
  });
});
