import { expect } from 'chai';
import { createCors } from '../../../../emulator/gateway/http/cors.ts';
import type { Cors } from '../../../../emulator/stack/stack.ts';
import { createStack, httpApi, startTestGateway, stopAll, THROWS } from '../fixture.ts';

const CORS: Cors = {
  allowOrigins: ['https://a.example', 'http://*'],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['authorization', 'x-mine'],
  exposeHeaders: ['x-theirs'],
  allowCredentials: true,
  maxAgeS: 300,
};
const PREFLIGHT = { origin: 'https://a.example', 'access-control-request-method': 'POST' };

async function start(routes: Record<string, string>, f: () => unknown = () => ({ statusCode: 200, body: 'ok' })) {
  const api = httpApi(routes, '2.0', { cors: CORS });
  const { http, invoker, log } = await startTestGateway(createStack({ httpApi: api }), { f });
  const ask = async (path: string, method: string, headers: Record<string, string>) => {
    const response = await fetch(`${http}${path}`, { method, headers });
    const ofCors = [...response.headers].filter(([name]) => name.startsWith('access-control-'));
    return { status: response.status, cors: Object.fromEntries(ofCors), headers: response.headers };
  };
  return { ask, invoker, log };
}

describe('CORS of an HTTP API (HR-13)', () => {
  afterEach(stopAll);

  it('that cannot be written costs one answer, not the gateway', async () => {
    const api = httpApi({ 'GET /items': 'f' }, '2.0', { cors: { ...CORS, exposeHeaders: ['x✓'] } });
    const { http, log } = await startTestGateway(createStack({ httpApi: api }), { f: () => 'ok' });
    for (let time = 0; time < 2; time++) {
      const response = await fetch(`${http}/items`, { headers: { origin: 'https://a.example' } });
      expect(response.status).to.equal(500);
    }
    expect(log.at(-1)?.message).to.match(/^an answer could not be written: TypeError/);
  });

  it('answers preflights itself, where there is a route and where there is none', async () => {
    const { ask, invoker, log } = await start({ 'GET /items': 'f', 'ANY /any': 'f' });
    for (const path of ['/items', '/any', '/nowhere']) {
      const { status, cors, headers } = await ask(path, 'OPTIONS', PREFLIGHT);
      expect(status, path).to.equal(204);
      expect(cors).to.deep.equal({
        'access-control-allow-origin': 'https://a.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'authorization,x-mine',
        'access-control-allow-methods': 'GET,POST',
        'access-control-max-age': '300',
      });
      expect(headers.has('content-type')).to.equal(false);
    }
    expect(invoker.events).to.deep.equal([]);
    expect(log.at(-1)).to.include({ behaviour: 'HR-13' });
  });

  it('says nothing to an origin that is not allowed, and why in the log', async () => {
    const { ask, log } = await start({ 'GET /items': 'f' });
    for (const origin of ['https://b.example', 'https://a.example:444', 'null', 'HTTPS://A.EXAMPLE']) {
      expect(await ask('/items', 'OPTIONS', { ...PREFLIGHT, origin }), origin).to.deep.include({
        status: 204,
        cors: {},
      });
      expect(log.at(-1)?.message).to.include(`CORS allows no origin ${origin}`);
    }
    const { cors } = await ask('/items', 'GET', { origin: 'https://b.example' });
    expect(cors).to.deep.equal({});
  });

  it('hands an OPTIONS request that is no preflight to its route', async () => {
    const { ask, invoker } = await start({ 'ANY /items': 'f' });
    expect((await ask('/items', 'OPTIONS', { origin: 'https://a.example' })).status).to.equal(200);
    expect((await ask('/items', 'OPTIONS', { 'access-control-request-method': 'GET' })).status).to.equal(200);
    expect((await ask('/other', 'OPTIONS', {})).status).to.equal(404);
    expect(invoker.events).to.have.length(2);
  });

  it('adds its headers to every answer, in the place of the function’s', async () => {
    const headers = {
      'Access-Control-Allow-Origin': '*',
      'access-control-allow-private-network': 'true',
      'x-kept': '1',
    };
    const { ask } = await start({ 'GET /items': 'f' }, () => ({ statusCode: 200, headers, body: 'ok' }));
    const own = {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-theirs',
    };
    const fine = await ask('/items', 'GET', { origin: 'https://a.example' });
    expect(fine.cors).to.deep.equal(own);
    expect(fine.headers.get('x-kept')).to.equal('1');
    expect(await ask('/other', 'GET', { origin: 'https://a.example' })).to.deep.include({ status: 404, cors: own });
    expect((await ask('/items', 'GET', {})).cors).to.deep.equal({});
  });

  it('adds its headers to the answer for a function that failed', async () => {
    const { ask } = await start({ 'GET /items': 'f' }, () => THROWS);
    const { status, cors } = await ask('/items', 'GET', { origin: 'http://any.example' });
    expect([status, cors['access-control-allow-origin']]).to.deep.equal([500, 'http://any.example']);
  });

  it('says * where all origins are allowed, and leaves out what is not configured', () => {
    const all = createCors({
      allowOrigins: ['*'],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      allowCredentials: false,
    });
    expect(all.preflightHeaders('https://x.example')).to.deep.equal([['access-control-allow-origin', '*']]);
    expect(all.apply([['x', 'y']], undefined)).to.deep.equal([['x', 'y']]);
  });
});
