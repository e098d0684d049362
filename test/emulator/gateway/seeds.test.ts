import { expect } from 'chai';
import type { GatewayFaults } from '../../../emulator/gateway/faults.ts';
import { createStreams, type Random, strikes } from '../../../emulator/stack/random.ts';
import { createStack, httpApi, openClient, startTestGateway, stopAll, until, webSocketApi } from './fixture.ts';

function draw(random: Random, times = 5): number[] {
  return Array.from({ length: times }, random);
}

describe('streams of random numbers', () => {
  it('are the same for one seed and name, and different for any other', () => {
    const all = [1, 2, 11, 2 ** 40, 2 ** 41].flatMap((seed) =>
      ['a', 'b', '1'].map((name) => draw(createStreams(seed)(name)).join()),
    );
    expect(new Set(all).size).to.equal(15);
    expect(draw(createStreams(2 ** 40)('a')).join()).to.equal(all[9]);
  });

  it('decide by rate, without a draw where nothing is open', () => {
    const never = () => {
      throw new Error('drawn');
    };
    expect([strikes(0, never), strikes(1, never)]).to.deep.equal([false, true]);
    expect([strikes(0.5, () => 0.49), strikes(0.5, () => 0.5)]).to.deep.equal([true, false]);
  });
});

describe('the seed of a gateway', () => {
  afterEach(stopAll);

  interface Run {
    readonly seed?: number;
    /** HTTP requests in front of each connection. */
    readonly requests?: number;
    readonly faults?: Partial<GatewayFaults>;
  }

  /** Ids of ten connections, and which of them lost `$disconnect`. */
  async function run({ seed = 1, requests = 0, faults = {} }: Run) {
    const stack = createStack({
      httpApi: httpApi({ $default: 'f' }, '2.0'),
      webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }),
    });
    const ok = () => ({ statusCode: 200 });
    const test = await startTestGateway(
      stack,
      { f: ok, c: ok },
      { randomOf: createStreams(seed), faults: { disconnectDropRate: 0.5, ...faults } },
    );
    for (let turn = 0; turn < 10; turn++) {
      for (let request = 0; request < requests; request++) await fetch(test.http);
      const client = await openClient(test.websocket);
      client.socket.send('x');
      client.socket.close();
      const done = () =>
        test.log.filter(({ message }) => message.startsWith('$disconnect')).length === turn + 1 &&
        test.log.filter(({ message }) => message.startsWith('message')).length === turn + 1;
      await until(done);
    }
    const ids = test.invoker.eventsOf('c').map(({ requestContext }) => String(requestContext.connectionId));
    const kept = new Set(test.invoker.eventsOf('x').map(({ requestContext }) => requestContext.connectionId));
    return { ids, lost: ids.map((id) => !kept.has(id)) };
  }

  it('gives the same ids and loses the same $disconnects, whatever else happens (WS-20, WS-60)', async () => {
    const first = await run({});
    expect(new Set(first.lost).size).to.equal(2);
    expect(await run({})).to.deep.equal(first);
    expect(await run({ requests: 2 })).to.deep.equal(first);
    expect(await run({ faults: { messageThrottleRate: 0.5, requestThrottleRate: 0.5 } })).to.deep.equal(first);
    const other = await run({ seed: 2 });
    expect(other.ids).to.not.deep.equal(first.ids);
    expect(other.lost).to.not.deep.equal(first.lost);
  });
});
