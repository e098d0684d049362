import { expect } from 'chai';
import { createStreams } from '../../../../emulator/stack/random.ts';
import {
  createStack,
  openClient,
  refusalOf,
  startTestGateway,
  stopAll,
  type TestGateway,
  until,
  webSocketApi,
} from '../fixture.ts';
import { signedFetch } from './sign.ts';

const MINUTE = 60_000;

function start(options: Parameters<typeof startTestGateway>[2] = {}) {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  return startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, options);
}

function urlOf({ invoker, management }: TestGateway, index = 0): string {
  const id = String(invoker.eventsOf('c')[index]?.requestContext.connectionId);
  return `${management}/@connections/${encodeURIComponent(id)}`;
}

async function post(test: TestGateway, body: string): Promise<number> {
  return (await signedFetch(urlOf(test), { method: 'POST', body })).status;
}

function behaviours({ log }: TestGateway): (string | undefined)[] {
  return log.map(({ behaviour }) => behaviour);
}

describe('WebSocket faults', () => {
  afterEach(stopAll);

  it('throttle handshakes by rate and by seed (WS-17)', async () => {
    const all = await start({ faults: { connectThrottleRate: 1 } });
    const { status, body } = await refusalOf(all.websocket);
    expect([status, JSON.parse(body).message]).to.deep.equal([429, 'Too Many Requests']);
    expect(all.invoker.events).to.deep.equal([]);
    expect(all.log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-17' });

    const outcomes = async (seed: number) => {
      const test = await start({ faults: { connectThrottleRate: 0.5 }, randomOf: createStreams(seed) });
      const tries: boolean[] = [];
      for (let turn = 0; turn < 20; turn++) {
        tries.push(
          await openClient(test.websocket).then(
            () => true,
            () => false,
          ),
        );
      }
      return tries;
    };
    const [first, again, other] = [await outcomes(1), await outcomes(1), await outcomes(2)];
    expect(first).to.deep.equal(again).and.not.deep.equal(other);
    expect(new Set(first).size).to.equal(2);
  });

  it('throttle messages: the client reads it in a frame of the gateway (WS-50)', async () => {
    const test = await start({ faults: { messageThrottleRate: 1 }, switches: { messageThrottleText: 'Slow down' } });
    const client = await openClient(test.websocket);
    client.socket.send('x');
    expect(await client.message()).to.match(/^\{"message": "Slow down", "connectionId":"/);
    expect(test.invoker.eventsOf('d')).to.deep.equal([]);
    expect(behaviours(test)).to.include('WS-50');
  });

  it('throttle calls of the Management API (MG-12)', async () => {
    const test = await start({ faults: { postThrottleRate: 1 } });
    await openClient(test.websocket);
    const response = await signedFetch(urlOf(test), { method: 'POST', body: 'x' });
    expect(response.status).to.equal(429);
    expect(response.headers.get('x-amzn-errortype')).to.equal('LimitExceededException');
  });

  it('deliver a post and answer 500, so that a retry delivers it twice (MG-13)', async () => {
    const test = await start({ faults: { postRepeatRate: 1 } });
    const client = await openClient(test.websocket);
    for (let turn = 0; turn < 2; turn++) {
      expect(await post(test, 'once?')).to.equal(500);
      expect(await client.message()).to.equal('once?');
    }
    expect(test.log.at(-1)).to.include({ level: 'error', behaviour: 'MG-13' });
  });

  it('let concurrent posts race by seed, and keep the order of awaited ones (WS-45)', async () => {
    const orderOf = async (seed: number) => {
      const test = await start({ faults: { postShuffleMs: 50 }, randomOf: createStreams(seed) });
      const client = await openClient(test.websocket);
      const held = test.clock.pending();
      // One by one up to where each has drawn its delay: what arrives first draws first.
      const posts: Promise<number>[] = [];
      for (let index = 0; index < 10; index++) {
        posts.push(post(test, String(index)));
        await until(() => test.clock.pending() === held + index + 1);
      }
      test.clock.advance(50);
      expect(await Promise.all(posts)).to.deep.equal(posts.map(() => 200));
      const order: number[] = [];
      for (let index = 0; index < 10; index++) order.push(Number(await client.message()));
      return order;
    };
    const [first, again, other] = [await orderOf(3), await orderOf(3), await orderOf(4)];
    expect(first).to.deep.equal(again).and.not.deep.equal(other);
    expect(first).to.not.deep.equal([...first].sort((left, right) => left - right));
  });

  it('lose $disconnect (WS-60)', async () => {
    const test = await start({ faults: { disconnectDropRate: 1 } });
    const client = await openClient(test.websocket);
    client.socket.close();
    await until(() => behaviours(test).includes('WS-60'));
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
    expect(test.log.at(-1)?.message).to.include('disconnectDropRate');
  });

  it('delay $disconnect, whose id is gone meanwhile (WS-60, WS-65)', async () => {
    const test = await start({ faults: { disconnectDelayMs: 5_000 } });
    const client = await openClient(test.websocket);
    client.socket.close(4000, 'bye');
    await until(() => behaviours(test).includes('WS-62'));
    test.clock.advance(4_999);
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
    expect(await post(test, 'x')).to.equal(410);
    test.clock.advance(1);
    await until(() => test.invoker.eventsOf('x').length === 1);
    expect(test.invoker.eventsOf('x')[0]?.requestContext).to.include({
      disconnectStatusCode: 4000,
      disconnectReason: 'bye',
    });
  });

  it('leave nothing of a delayed $disconnect behind a gateway that stops', async () => {
    const test = await start({ faults: { disconnectDelayMs: 5_000 } });
    const client = await openClient(test.websocket);
    client.socket.close();
    await until(() => behaviours(test).includes('WS-62'));
    await test.gateway.stop();
    expect(test.clock.pending()).to.equal(0);
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
  });

  it('leave a vanished client half-open: posts get 200 and go nowhere, GET works, idle ends it (WS-49)', async () => {
    const test = await start({ faults: { halfOpenRate: 1 } });
    const client = await openClient(test.websocket);
    client.socket.terminate();
    await until(() => behaviours(test).includes('WS-49'));
    expect(test.gateway.control.connections()).to.have.length(1);
    for (let turn = 0; turn < 50; turn++) expect(await post(test, 'x'.repeat(131_072))).to.equal(200);
    expect((await signedFetch(urlOf(test))).status).to.equal(200);
    test.clock.advance(10 * MINUTE - 1);
    expect(test.invoker.eventsOf('x')).to.deep.equal([]);
    test.clock.advance(1);
    await until(() => test.invoker.eventsOf('x').length === 1);
    expect(test.invoker.eventsOf('x')[0]?.requestContext).to.include({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
    expect(await post(test, 'x')).to.equal(410);
    expect(test.gateway.control.connections()).to.deep.equal([]);
    expect(test.clock.pending()).to.equal(0);
  });

  it('end a half-open connection with its life, however often it is posted to, and by DELETE (WS-47, WS-49)', async () => {
    const test = await start({ faults: { halfOpenRate: 1 } });
    (await openClient(test.websocket)).socket.terminate();
    (await openClient(test.websocket)).socket.terminate();
    await until(() => behaviours(test).filter((behaviour) => behaviour === 'WS-49').length === 2);
    expect((await signedFetch(urlOf(test, 1), { method: 'DELETE' })).status).to.equal(204);
    await until(() => test.invoker.eventsOf('x').length === 1);
    expect(test.invoker.eventsOf('x')[0]?.requestContext.disconnectStatusCode).to.equal(1000);
    for (let minutes = 0; minutes < 119; minutes += 7) {
      expect(await post(test, 'x')).to.equal(200);
      test.clock.advance(7 * MINUTE);
    }
    test.clock.advance(MINUTE);
    await until(() => test.invoker.eventsOf('x').length === 2);
    expect(test.invoker.eventsOf('x')[1]?.requestContext.disconnectStatusCode).to.equal(1001);
  });

  it('notice a close frame even so (WS-62)', async () => {
    const test = await start({ faults: { halfOpenRate: 1 } });
    (await openClient(test.websocket)).socket.close(1000);
    await until(() => test.invoker.eventsOf('x').length === 1);
  });
});
