import { expect } from 'chai';
import type { HttpApi, RequestAuthorizer, RouteAuthorization } from '../../../../emulator/stack/stack.ts';
import { jwtAuthorizer, policy, requestAuthorizer } from '../authorizers/authorizers.ts';
import { startIssuer } from '../authorizers/issuer.ts';
import {
  createStack,
  functionArn,
  HTTP_ARN,
  httpApi,
  permission,
  START,
  startTestGateway,
  stopAll,
  type TestFunction,
  THROWS,
} from '../fixture.ts';
import { signedHeaders } from '../websocket/sign.ts';

const OK: TestFunction = () => ({ statusCode: 200, body: 'ok' });
const ARN = `${HTTP_ARN}/$default`;
const HELLO = { headers: { authorization: 'hello' } };

function authorized(
  authorization: RouteAuthorization,
  format: '1.0' | '2.0' = '2.0',
  overrides: Partial<HttpApi> = {},
) {
  const api = httpApi({ 'GET /items/{id}': 'f', 'GET /other': 'f', 'ANY /any': 'f' }, format, overrides);
  return { ...api, routes: api.routes.map((route) => ({ ...route, authorization })) };
}

async function start(
  guard: TestFunction,
  overrides: Partial<RequestAuthorizer> = {},
  format: '1.0' | '2.0' = '2.0',
  apiOverrides: Partial<HttpApi> = {},
) {
  const authorizer = requestAuthorizer(overrides);
  const stack = createStack({ httpApi: authorized({ kind: 'request', authorizer }, format, apiOverrides) });
  const mayAsk = permission('guard', `${HTTP_ARN}/authorizers/auth12`);
  return startTestGateway({ ...stack, permissions: [...stack.permissions, mayAsk] }, { f: OK, guard });
}

async function ask(url: string, init: RequestInit = HELLO) {
  const response = await fetch(url, init);
  return [response.status, await response.text()] as const;
}

describe('HTTP API: REQUEST authorizers (WS-15)', () => {
  afterEach(stopAll);

  it('get an event of format 2.0', async () => {
    const { http, invoker } = await start(() => policy('Allow', '*'), {
      identitySources: ['$request.header.Authorization', '$request.querystring.q'],
    });
    await ask(`${http}/items/a%20b?q=1&q=2`, { headers: { ...HELLO.headers, cookie: 'a=1; b=2' } });
    const [event] = invoker.eventsOf('guard');
    expect(event).to.have.all.keys(
      ...['version', 'type', 'routeArn', 'identitySource', 'routeKey', 'rawPath', 'rawQueryString', 'cookies'],
      ...['headers', 'queryStringParameters', 'requestContext', 'pathParameters'],
    );
    expect(event).to.deep.include({
      version: '2.0',
      type: 'REQUEST',
      routeArn: `${ARN}/GET/items/a b`,
      identitySource: ['hello', '1,2'],
      routeKey: 'GET /items/{id}',
      rawPath: '/items/a b',
      cookies: ['a=1', 'b=2'],
      pathParameters: { id: 'a b' },
    });
    expect(event?.requestContext).to.deep.include({ stage: '$default', timeEpoch: START });
    expect(event?.requestContext).to.not.have.property('authorizer');
  });

  it('get an event of format 1.0', async () => {
    const { http, invoker } = await start(() => policy('Allow', '*'), { payloadFormatVersion: '1.0' });
    await ask(`${http}/other?q=1&q=2`);
    const [event] = invoker.eventsOf('guard');
    expect(event).to.have.all.keys(
      ...['version', 'type', 'methodArn', 'identitySource', 'authorizationToken', 'resource', 'path', 'httpMethod'],
      ...['headers', 'queryStringParameters', 'pathParameters', 'stageVariables', 'requestContext'],
    );
    expect(event).to.deep.include({
      version: '1.0',
      type: 'REQUEST',
      methodArn: `${ARN}/GET/other`,
      identitySource: 'hello',
      authorizationToken: 'hello',
      resource: '/other',
      path: '/other',
      httpMethod: 'GET',
      queryStringParameters: { q: '2' },
      pathParameters: {},
      stageVariables: {},
    });
  });

  it('hand their context on: as it is in 2.0, as text beside the principal in 1.0', async () => {
    const context = { text: 'a', number: 1, yes: true, none: null, list: [1, 2], map: { a: 1 } };
    const allow = () => policy('Allow', '*', context);
    const two = await start(allow);
    await ask(`${two.http}/other`);
    expect(two.invoker.eventsOf('f')[0]?.requestContext.authorizer).to.deep.equal({ lambda: context });
    const one = await start(allow, {}, '1.0');
    await ask(`${one.http}/other`);
    expect(one.invoker.eventsOf('f')[0]?.requestContext.authorizer).to.deep.equal({
      text: 'a',
      number: '1',
      yes: 'true',
      none: null,
      list: '[1,2]',
      map: '{"a":1}',
      principalId: 'user-1',
    });
    const silent = await start(() => ({ isAuthorized: true }), { simpleResponses: true });
    await ask(`${silent.http}/other`);
    expect(silent.invoker.eventsOf('f')[0]?.requestContext.authorizer).to.deep.equal({ lambda: null });
  });

  it('are not asked by a request without an identity, which gets 401', async () => {
    const { http, invoker, log } = await start(() => policy('Allow', '*'));
    for (const headers of [{}, { authorization: '' }] as Record<string, string>[]) {
      expect(await ask(`${http}/other`, { headers })).to.deep.equal([401, '{"message":"Unauthorized"}']);
    }
    expect(invoker.events).to.deep.equal([]);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: undefined });
    expect(log.at(-1)?.message).to.include('$request.header.Authorization is missing').and.include('was not asked');
  });

  it('need no identity where they name no source', async () => {
    const { http, invoker } = await start(() => policy('Allow', '*'), { identitySources: [] });
    expect((await ask(`${http}/other`, {}))[0]).to.equal(200);
    expect(invoker.eventsOf('guard')[0]).to.deep.include({ identitySource: [] });
  });

  const answers: readonly (readonly [string, TestFunction, Partial<RequestAuthorizer>, number, string])[] = [
    ['a policy that denies', () => policy('Deny', '*'), {}, 403, 'Forbidden'],
    ['a policy for something else', () => policy('Allow', `${ARN}/GET/items/*`), {}, 403, 'Forbidden'],
    ['a policy for another method', () => policy('Allow', `${ARN}/POST/*`), {}, 403, 'Forbidden'],
    ['isAuthorized: false', () => ({ isAuthorized: false }), { simpleResponses: true }, 403, 'Forbidden'],
    ['an error', () => THROWS, {}, 500, 'Internal Server Error'],
    ['nothing', () => null, {}, 500, 'Internal Server Error'],
    ['a response', OK, {}, 500, 'Internal Server Error'],
    ['far too much', () => policy('Allow', '*', { x: 'x'.repeat(8_192) }), {}, 500, 'Internal Server Error'],
    [
      'the error Unauthorized',
      () => ({ kind: 'failed', errorType: 'Error', errorMessage: 'Unauthorized' }),
      {},
      401,
      'Unauthorized',
    ],
  ];
  for (const [what, guard, overrides, status, message] of answers) {
    it(`answer ${status} with ${what}, without the integration`, async () => {
      const { http, invoker, log } = await start(guard, overrides);
      expect(await ask(`${http}/other`)).to.deep.equal([status, JSON.stringify({ message })]);
      expect(invoker.eventsOf('f')).to.deep.equal([]);
      expect(log).to.have.length(1);
      expect(log[0]).to.include({ level: status === 500 ? 'error' : 'warn' });
      expect(log[0]?.message).to.match(/HTTP authorizer of \S+ \S+:|HTTP authorizer of \$default:/);
      expect(log[0]?.message).to.include('the authorizer guard');
    });
  }

  it('answer 500 where nobody lets the gateway ask them, and name the ARN', async () => {
    const authorizer = requestAuthorizer();
    const stack = createStack({ httpApi: authorized({ kind: 'request', authorizer }) });
    const wrong = permission('guard', `${HTTP_ARN}/*/GET/other`);
    const { http, invoker, log } = await startTestGateway(
      { ...stack, permissions: [...stack.permissions, wrong] },
      { f: OK, guard: OK },
    );
    expect(await ask(`${http}/other`)).to.deep.equal([500, '{"message":"Internal Server Error"}']);
    expect(invoker.events).to.deep.equal([]);
    expect(log[0]?.message).to.include(`${HTTP_ARN}/authorizers/auth12`).and.include(functionArn('guard'));
  });

  it('answer 500 when they take more than ten seconds', async () => {
    const { http, invoker, clock } = await start(() => new Promise(() => {}));
    const answering = ask(`${http}/other`);
    while (invoker.events.length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    expect((await answering)[0]).to.equal(500);
  });

  it('are asked once in a TTL for one identity; a kept policy is judged anew for each route', async () => {
    const { http, invoker, clock } = await start(() => policy('Allow', `${ARN}/GET/items/*`), { cacheTtlMs: 1_000 });
    expect((await ask(`${http}/items/1`))[0]).to.equal(200);
    expect((await ask(`${http}/items/2`))[0]).to.equal(200);
    expect((await ask(`${http}/other`))[0]).to.equal(403);
    expect(invoker.eventsOf('guard')).to.have.length(1);
    await ask(`${http}/items/1`, { headers: { authorization: 'somebody else' } });
    expect(invoker.eventsOf('guard')).to.have.length(2);
    clock.advance(1_000);
    await ask(`${http}/items/1`);
    expect(invoker.eventsOf('guard')).to.have.length(3);
  });

  it('are asked by route where $context.routeKey is a source, and again after an error', async () => {
    let answer: unknown = THROWS;
    const { http, invoker } = await start(() => answer, {
      cacheTtlMs: 1_000,
      simpleResponses: true,
      identitySources: ['$request.header.Authorization', '$context.routeKey'],
    });
    expect((await ask(`${http}/other`))[0]).to.equal(500);
    answer = { isAuthorized: false };
    expect((await ask(`${http}/other`))[0]).to.equal(403);
    expect((await ask(`${http}/other`))[0]).to.equal(403);
    answer = { isAuthorized: true };
    expect((await ask(`${http}/items/1`))[0]).to.equal(200);
    expect(invoker.eventsOf('guard')).to.have.length(3);
  });

  it('refuse preflights to their ANY route, which CORS does not save; not those to a GET route (HR-13)', async () => {
    const cors = {
      allowOrigins: ['https://a.example'],
      allowMethods: ['GET'],
      allowHeaders: [],
      exposeHeaders: [],
      allowCredentials: false,
    };
    const { http, invoker } = await start(() => policy('Allow', '*'), {}, '2.0', { cors });
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
    const refused = await fetch(`${http}/any`, { method: 'OPTIONS', headers });
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('access-control-allow-origin')).to.equal('https://a.example');
    expect((await fetch(`${http}/other`, { method: 'OPTIONS', headers })).status).to.equal(204);
    expect(invoker.events).to.deep.equal([]);
    const allowed = await fetch(`${http}/any`, { method: 'OPTIONS', headers: { ...headers, ...HELLO.headers } });
    expect(allowed.status).to.equal(204);
    expect(invoker.eventsOf('f')).to.deep.equal([]);
  });
});

describe('HTTP API: JWT authorizers', () => {
  afterEach(stopAll);

  it('hand claims and scopes on, and refuse as AWS was seen to', async () => {
    const issuer = await startIssuer();
    try {
      for (const format of ['2.0', '1.0'] as const) {
        const authorizer = jwtAuthorizer(issuer.url);
        const api = authorized({ kind: 'jwt', authorizer, scopes: ['read'] }, format);
        const { http, invoker, log } = await startTestGateway(createStack({ httpApi: api }), { f: OK });
        const token = (scope: string) => issuer.sign({ iss: issuer.url, aud: 'api', exp: START / 1_000 + 60, scope });
        const bearer = async (scope: string) => ({ headers: { authorization: `Bearer ${await token(scope)}` } });

        expect((await ask(`${http}/other`, await bearer('read write')))[0]).to.equal(200);
        const claims = { iss: issuer.url, aud: 'api', exp: String(START / 1_000 + 60), scope: 'read write' };
        const jwt = { claims, scopes: ['read'] };
        const authorizerOf = invoker.eventsOf('f')[0]?.requestContext.authorizer;
        expect(authorizerOf).to.deep.equal(format === '2.0' ? { jwt } : jwt);

        const none = await fetch(`${http}/other`);
        expect([none.status, none.headers.get('www-authenticate'), none.headers.get('content-type')]).to.deep.equal([
          401,
          'Bearer',
          null,
        ]);
        expect(await none.text()).to.equal('{"message":"Unauthorized"}');
        expect(log.at(-1)?.message).to.include('HTTP authorizer of ').and.include('has no token');
        const endless = await issuer.sign({ iss: issuer.url, aud: 'other' });
        expect((await fetch(`${http}/other`, { headers: { authorization: `Bearer ${endless}` } })).status).to.equal(
          401,
        );
        expect(log.at(-1)?.message).to.include(`wanted iss ${issuer.url} and aud or client_id api, the token has iss:`);
        expect(log.at(-1)?.message).to.include('no exp');
        expect(await ask(`${http}/other`, await bearer('write'))).to.deep.equal([403, '{"message":"Forbidden"}']);
        expect(log.at(-1)?.message).to.include('the route wants one of the scopes read, the token has write');
        expect(invoker.events).to.have.length(1);
      }
    } finally {
      issuer.stop();
    }
  });
});

describe('HTTP API: routes that want a signature', () => {
  afterEach(stopAll);

  it('tell who signed; 403 to everybody else, and why in the log (MG-03)', async () => {
    for (const format of ['2.0', '1.0'] as const) {
      const stack = createStack({ httpApi: authorized({ kind: 'iam' }, format) });
      const { http, invoker, log } = await startTestGateway(stack, { f: OK });
      const url = `${http}/other?a=1`;
      expect((await ask(url, { headers: signedHeaders(url) }))[0]).to.equal(200);
      const context = invoker.eventsOf('f')[0]?.requestContext as Record<string, Record<string, object>>;
      const who = {
        accessKey: 'AKIAPOSTERNDEVELOPER',
        accountId: '123456789012',
        userArn: 'arn:aws:iam::123456789012:user/developer',
      };
      if (format === '2.0') expect(context.authorizer?.iam).to.include(who).and.include({ principalOrgId: null });
      else expect(context.identity).to.include(who);

      expect(await ask(url, {})).to.deep.equal([403, '{"message":"Forbidden"}']);
      expect(log.at(-1)?.message).to.include('Missing Authentication Token').and.include('was not invoked');
      const forged = signedHeaders(`${url}2`);
      expect((await ask(url, { headers: forged }))[0]).to.equal(403);
      expect(invoker.events).to.have.length(1);
    }
  });
});
