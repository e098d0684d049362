import { expect } from 'chai';
import { isRecorded, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { exchange } from '../exchange.ts';
import { expectOwn } from '../expect-answer.ts';
import type { Target } from '../target.ts';

const NOT_MS = 300;

async function contextOf(target: Target, path: string, method = 'GET') {
  const { requestContext } = await (await exchange(target, path, { method })).event();
  return requestContext;
}

/** Without a permission that fits: the gateway's own 500, and no invocation. */
async function expectNotInvoked(target: Target, path: string, method = 'GET') {
  const wanted = tag();
  const answer = await exchange(target, path, { method, instruction: { tag: wanted } });
  expectOwn(answer, 500, 'Internal Server Error');
  expect(await isRecorded(target, (record) => record.tag === wanted, NOT_MS), 'was invoked').to.equal(false);
}

inSetting('default', (behaviour) => {
  behaviour('HA-01', async (target) => {
    expect(await contextOf(target, '/named/items/7')).to.include({ stage: 'named', routeKey: 'GET /items/{id}' });
    expect(await contextOf(target, '/nameless/items')).to.include({ stage: '$default', routeKey: '$default' });
    expect(await contextOf(target, '/items/named')).to.include({ stage: '$default', routeKey: 'GET /items/{id}' });
  });

  behaviour('HA-02', async (target) => {
    const closest: [request: string, routeKey: string, pathParameters?: Record<string, string>][] = [
      ['GET /items/special', 'GET /items/special'],
      ['GET /items/7', 'GET /items/{id}', { id: '7' }],
      ['POST /items/7', 'ANY /items/{id}', { id: '7' }],
      ['PUT /items/special', 'ANY /items/{id}', { id: 'special' }],
      ['GET /items/7/more', '$default'],
      ['GET /items', '$default'],
      ['GET /greedy/a', 'ANY /greedy/{proxy+}', { proxy: 'a' }],
      ['DELETE /greedy/a/b/c', 'ANY /greedy/{proxy+}', { proxy: 'a/b/c' }],
      ['GET /greedy', '$default'],
      ['GET /', '$default'],
    ];
    for (const [request, routeKey, pathParameters] of closest) {
      const [method, path = ''] = request.split(' ');
      const event = await (await exchange(target, path, { method })).event();
      expect(event.routeKey, request).to.equal(routeKey);
      if (pathParameters) expect(event.pathParameters, request).to.deep.equal(pathParameters);
    }
  });

  behaviour('HA-09', async (target) => {
    const named = await (await exchange(target, '/named/items/7?a=1')).event();
    expect(named.rawPath).to.equal('/named/items/7');
    expect(named.requestContext.http).to.include({ path: '/named/items/7' });
    expect(named.pathParameters).to.deep.equal({ id: '7' });
    expect(named.stageVariables).to.deep.equal({ color: 'green' });

    const unnamed = await (await exchange(target, '/items/7')).event();
    expect(unnamed.rawPath).to.equal('/items/7');
    expect(unnamed.requestContext.http).to.include({ path: '/items/7' });
    expect(unnamed).not.to.have.property('stageVariables');
  });

  behaviour('HA-26', async (target) => {
    const body = 'not for HEAD';
    const answer = { statusCode: 200, headers: { 'content-type': 'text/plain' }, body };
    const head = await exchange(target, '/whole', { method: 'HEAD', instruction: { answer } });
    expect(head.status).to.equal(200);
    expect(head.body).to.have.length(0);
    expect((await head.event()).requestContext.http).to.include({ method: 'HEAD', path: '/whole' });
    expect(await contextOf(target, '/items/7', 'HEAD')).to.include({ routeKey: 'HEAD /items/{id}' });
    expect(await contextOf(target, '/items/special', 'OPTIONS')).to.include({ routeKey: 'OPTIONS /items/special' });
    for (const path of ['/whole', '/items/7']) {
      const options = await exchange(target, path, { method: 'OPTIONS', instruction: { answer } });
      expect(options.status).to.equal(200);
      expect(String(options.body)).to.equal(body);
      expect((await options.event()).requestContext.http).to.include({ method: 'OPTIONS', path });
    }
  });

  behaviour('HA-27', async (target) => {
    await expectNotInvoked(target, '/locked');
  });
});

inSetting('few-routes', (behaviour) => {
  behaviour('HA-01', async (target) => {
    expect(await contextOf(target, '/main/items/7')).to.include({ stage: 'main', routeKey: 'GET /items/{id}' });
    expectOwn(await exchange(target, '/items/7'), 404, 'Not Found');
  });

  behaviour('HA-03', async (target) => {
    expectOwn(await exchange(target, '/main/nowhere'), 404, 'Not Found');
    expectOwn(await exchange(target, '/main/items/7', { method: 'POST', body: '{}' }), 404, 'Not Found');
  });
});

inSetting('narrow', (behaviour) => {
  behaviour('HA-27', async (target) => {
    expect((await exchange(target, '/anything')).status, '$default/$default').to.equal(200);
    expect((await exchange(target, '/callback')).status, '$default/GET/callback').to.equal(200);
    await expectNotInvoked(target, '/items/7'); // the same function, by a route that is not $default
    await expectNotInvoked(target, '/named/anything'); // the route $default of another stage
    await expectNotInvoked(target, '/named/callback');
    await expectNotInvoked(target, '/single'); // POST/single is allowed
  });
});

inSetting('domain', (behaviour) => {
  behaviour('HA-10', async (target) => {
    const headers = [['Host', 'api.probe.example']] as const;
    const mapped = await (await exchange(target, '/mapped/items/7', { headers })).event();
    expect(mapped.requestContext).to.include({
      stage: 'named',
      routeKey: 'GET /items/{id}',
      domainName: 'api.probe.example',
      domainPrefix: 'api',
    });
    // The switch customDomainRawPath: the mapping key by default.
    expect(mapped.rawPath).to.equal('/mapped/items/7');
    expect(mapped.requestContext.http).to.include({ path: '/mapped/items/7' });

    const deeper = await (await exchange(target, '/mapped/deeper/items/7', { headers })).event();
    expect(deeper.requestContext).to.include({ stage: '$default', routeKey: 'GET /items/{id}' });
    expect(deeper.rawPath).to.equal('/mapped/deeper/items/7');
  });
});
