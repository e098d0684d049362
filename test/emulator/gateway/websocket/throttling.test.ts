import { expect } from 'chai';
import type { Stage } from '../../../../emulator/stack/stack.ts';
import {
  createStack,
  openClient,
  refusalOf,
  startTestGateway,
  stopAll,
  type TestClient,
  until,
  webSocketApi,
} from '../fixture.ts';
import { signedFetch } from './sign.ts';

const ROUTES = { $connect: 'c', $default: 'd', ping: 'p' };

function start(quotas: NonNullable<Parameters<typeof startTestGateway>[2]>['quotas'], stage: Partial<Stage> = {}) {
  const api = webSocketApi(ROUTES, { stage: { name: 'dev', variables: {}, ...stage } });
  return startTestGateway(createStack({ webSocketApi: api }), { c: () => ({ statusCode: 200 }) }, { quotas });
}

async function reply(client: TestClient, text: string): Promise<string> {
  client.socket.send(text);
  return JSON.parse(await client.message()).message;
}

describe('WebSocket throttling', () => {
  afterEach(stopAll);

  it('takes so many new connections a second, and answers 429 above (WS-17)', async () => {
    const { websocket, clock, invoker, log } = await start({ connectsPerSecond: 3 });
    for (let turn = 0; turn < 3; turn++) await openClient(websocket);
    const { status, body } = await refusalOf(websocket);
    expect([status, JSON.parse(body).message]).to.deep.equal([429, 'Too Many Requests']);
    expect(invoker.eventsOf('c')).to.have.length(3);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-17' });
    clock.advance(1_000);
    for (let turn = 0; turn < 3; turn++) await openClient(websocket);
  });

  it("holds messages and posts to one account's rate (WS-50, MG-12)", async () => {
    const test = await start({ requestsPerSecond: 1, requestBurst: 2 });
    const client = await openClient(test.websocket);
    const id = String(test.invoker.eventsOf('c')[0]?.requestContext.connectionId);
    const url = `${test.management}/@connections/${encodeURIComponent(id)}`;
    client.socket.send('x');
    await until(() => test.invoker.eventsOf('d').length === 1);
    expect((await signedFetch(url, { method: 'POST', body: 'x' })).status).to.equal(200);
    expect(await client.message()).to.equal('x');
    const throttled = await signedFetch(url, { method: 'POST', body: 'x' });
    expect(throttled.status).to.equal(429);
    expect(throttled.headers.get('x-amzn-errortype')).to.equal('LimitExceededException');
    expect(await reply(client, 'x')).to.equal('Too Many Requests');
    expect(test.log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-50' });
    expect(test.invoker.eventsOf('d')).to.have.length(1);
    test.clock.advance(1_000);
    expect((await signedFetch(url)).status).to.equal(200);
    expect((await signedFetch(url)).status).to.equal(429);
  });

  it("holds messages to the stage's rate, or to the route's own instead (WS-50)", async () => {
    const stage = { throttle: { rate: 1, burst: 1 }, routeThrottles: { ping: { burst: 3 } } };
    const { websocket, clock, invoker } = await start({}, stage);
    const client = await openClient(websocket);
    for (let turn = 0; turn < 3; turn++) client.socket.send('{"action":"ping"}');
    client.socket.send('x');
    await until(() => invoker.eventsOf('p').length === 3 && invoker.eventsOf('d').length === 1);
    expect(await reply(client, 'y')).to.equal('Too Many Requests');
    expect(await reply(client, '{"action":"ping"}')).to.equal('Too Many Requests');
    clock.advance(1_000);
    client.socket.send('z');
    await until(() => invoker.eventsOf('d').length === 2);
    expect((await refusalOf(websocket).catch(() => ({ status: 101 }))).status).to.equal(101);
    expect((await refusalOf(websocket)).status).to.equal(429);
  });
});
