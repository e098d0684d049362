import { expect } from 'chai';
import { createThrottle } from '../../../../emulator/gateway/throttle.ts';
import type { HttpApi } from '../../../../emulator/stack/stack.ts';
import { createFakeClock, createStack, httpApi, startTestGateway, stopAll } from '../fixture.ts';

describe('token bucket', () => {
  it('gives its burst at once and its rate from then on', () => {
    const clock = createFakeClock();
    const throttle = createThrottle({ rate: 2, burst: 3, clock });
    const take = (times: number) => Array.from({ length: times }, () => throttle.take()).filter(Boolean).length;
    expect(take(5)).to.equal(3);
    clock.advance(499);
    expect(take(1)).to.equal(0);
    clock.advance(1);
    expect(take(2)).to.equal(1);
    clock.advance(60_000);
    expect(take(5)).to.equal(3);
  });

  it('lets nothing through with a burst of 0, and gives nothing back with a rate of 0', () => {
    const clock = createFakeClock();
    expect(createThrottle({ rate: 10, burst: 0, clock }).take()).to.equal(false);
    const once = createThrottle({ rate: 0, burst: 1, clock });
    expect(once.take()).to.equal(true);
    clock.advance(1_000_000);
    expect(once.take()).to.equal(false);
  });
});

describe('throttling of an HTTP API (HA-24)', () => {
  afterEach(stopAll);

  async function start(options: Parameters<typeof startTestGateway>[2], overrides: Partial<HttpApi> = {}) {
    const api = httpApi({ 'GET /a': 'f', 'GET /b': 'f' }, '2.0', overrides);
    const gateway = await startTestGateway(createStack({ httpApi: api }), { f: () => ({ statusCode: 200 }) }, options);
    const ask = async (path: string) => {
      const response = await fetch(`${gateway.http}${path}`);
      return `${response.status} ${await response.text()}`.trim();
    };
    return { ...gateway, ask };
  }

  const REFUSED = '429 {"message":"Too Many Requests"}';

  it('holds the account’s rate over all routes (WS-50)', async () => {
    const { ask, clock, invoker, log } = await start({ quotas: { requestsPerSecond: 1, requestBurst: 2 } });
    expect([await ask('/a'), await ask('/b'), await ask('/a')]).to.deep.equal(['200', '200', REFUSED]);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'HA-24' });
    clock.advance(1_000);
    expect(await ask('/a')).to.equal('200');
    expect(invoker.events).to.have.length(3);
  });

  it('holds the stage’s for each route, and a route’s own instead', async () => {
    const stage = { name: '$default', variables: {}, throttle: { burst: 1, rate: 1 } };
    const { ask, log } = await start({}, { stages: [{ ...stage, routeThrottles: { 'GET /b': { burst: 2 } } }] });
    expect([await ask('/a'), await ask('/a')]).to.deep.equal(['200', REFUSED]);
    expect(log.at(-1)?.message).to.include('GET /a in stage $default');
    expect([await ask('/b'), await ask('/b'), await ask('/b')]).to.deep.equal(['200', '200', REFUSED]);
  });

  it('happens on purpose, now and then', async () => {
    const { ask, invoker } = await start({ faults: { requestThrottleRate: 1 } });
    expect(await ask('/a')).to.equal(REFUSED);
    expect(invoker.events).to.deep.equal([]);
  });
});
