import { expect } from 'chai';
import { createCredentialStore } from '../../../../emulator/iam/credentials.ts';
import type { LambdaFunction, RequestAuthorizer, RouteAuthorization, Stack } from '../../../../emulator/stack/stack.ts';
import {
  createStack,
  functionArn,
  openClient,
  permission,
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
import { presigned, signedHeaders } from './sign.ts';

const CONNECT_ARN = `${WS_ARN}/dev/$connect`;
const AUTHORIZER: RequestAuthorizer = {
  logicalId: 'AuthAuthorizer',
  authorizerId: 'auth01',
  name: 'auth',
  functionArn: functionArn('auth'),
  identitySources: ['route.request.querystring.token'],
  payloadFormatVersion: '1.0',
  simpleResponses: false,
  cacheTtlMs: 0,
};
const CALLER: LambdaFunction = {
  logicalId: 'Caller',
  name: 'caller',
  arn: functionArn('caller'),
  codeFolder: '/nowhere',
  handler: 'x.handler',
  runtime: 'nodejs22.x',
  timeoutMs: 3_000,
  memoryMb: 128,
  environment: {},
  role: {
    arn: 'arn:aws:iam::123456789012:role/caller-role',
    statements: [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: [`${WS_ARN}/prod/*`] }],
  },
};

function stackOf(authorization: RouteAuthorization, variables: Record<string, string> = {}): Stack {
  const api = webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }, { stage: { name: 'dev', variables } });
  const routes = api.routes.map((route) => (route.routeKey === '$connect' ? { ...route, authorization } : route));
  const permissions = ['c', 'x', 'd', 'auth'].map((name) => permission(name, `${WS_ARN}/*`));
  return { ...createStack({ webSocketApi: { ...api, routes } }, permissions), functions: [CALLER] };
}

function start(
  auth: TestFunction,
  overrides: Partial<RequestAuthorizer> = {},
  options: Parameters<typeof startTestGateway>[2] = {},
) {
  const stack = stackOf({ kind: 'request', authorizer: { ...AUTHORIZER, ...overrides } }, { colour: 'red' });
  return startTestGateway(stack, { auth, c: () => ({ statusCode: 200 }) }, options);
}

function policy(Effect: string, rest: Record<string, unknown> = {}, Resource: unknown = CONNECT_ARN) {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource }];
  return { principalId: 'alice', policyDocument: { Version: '2012-10-17', Statement }, ...rest };
}

describe('WebSocket authorizers', () => {
  afterEach(stopAll);

  it('see the handshake as the developer guide shows it (WS-15, WS-12)', async () => {
    const { websocket, invoker } = await start(() => policy('Allow'));
    await openClient(`${websocket}?token=a&token=b`, [], { HeaderAuth1: 'headerValue1', 'user-agent': 'ua' });
    const [event] = invoker.eventsOf('auth');
    expect(event).to.have.all.keys(
      'type',
      'methodArn',
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'stageVariables',
      'requestContext',
    );
    expect(event).to.deep.include({
      type: 'REQUEST',
      methodArn: CONNECT_ARN,
      queryStringParameters: { token: 'b' },
      multiValueQueryStringParameters: { token: ['a', 'b'] },
      stageVariables: { colour: 'red' },
    });
    expect(event?.headers).to.include({
      Connection: 'upgrade',
      Upgrade: 'websocket',
      'content-length': '0',
      HeaderAuth1: 'headerValue1',
      'Sec-WebSocket-Version': '13',
      'X-Forwarded-Proto': 'https',
    });
    expect(event?.multiValueHeaders).to.deep.include({ Connection: ['upgrade'], HeaderAuth1: ['headerValue1'] });
    const [connect] = invoker.eventsOf('c');
    expect(connect?.headers).to.not.have.any.keys('Connection', 'Upgrade', 'content-length');
    const { authorizer, ...connectContext } = connect?.requestContext ?? {};
    expect(event?.requestContext).to.deep.equal(connectContext);
    expect(authorizer).to.include({ principalId: 'alice' });
    expect(connectContext).to.include({ eventType: 'CONNECT', routeKey: '$connect', connectedAt: START });
  });

  it('give every later event their context, as text, and the principal (WS-15)', async () => {
    const context = { text: 'x', count: 7, yes: true };
    const { websocket, invoker } = await start(() => policy('Allow', { context }));
    const client = await openClient(`${websocket}?token=a`);
    client.socket.send('hi');
    await until(() => invoker.eventsOf('d').length === 1);
    client.socket.close();
    await until(() => invoker.eventsOf('x').length === 1);
    for (const name of ['c', 'd', 'x']) {
      expect(invoker.eventsOf(name)[0]?.requestContext.authorizer, name).to.deep.equal({
        principalId: 'alice',
        text: 'x',
        count: '7',
        yes: 'true',
        integrationLatency: 0,
      });
    }
    expect(invoker.eventsOf('auth')).to.have.length(1);
  });

  it('are not asked where an identity source is missing or empty: 401 (WS-15)', async () => {
    const sources = [
      'route.request.header.X-Own',
      'route.request.querystring.token',
      'stageVariables.colour',
      'context.identity.sourceIp',
    ];
    const { websocket, invoker, log } = await start(() => policy('Allow'), { identitySources: sources });
    await openClient(`${websocket}?token=a`, [], { 'x-own': '1' });
    expect((await refusalOf(`${websocket}?token=a`)).status).to.equal(401);
    const empty = openClient(`${websocket}?token=`, [], { 'x-own': '1' });
    expect(await statusOf(empty)).to.equal(401);
    expect(invoker.eventsOf('auth')).to.have.length(1);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-15' });
    expect(log.at(-1)?.message).to.include('route.request.querystring.token is missing');
    const without = await start(() => policy('Allow'), { identitySources: ['stageVariables.absent'] });
    expect((await refusalOf(without.websocket)).status).to.equal(401);
  });

  it('refuse by Unauthorized with 401, by Deny or silence with 403, by anything else with 500 (WS-15)', async () => {
    let result: unknown;
    const { websocket, invoker } = await start(() => result);
    const url = `${websocket}?token=a`;
    const results: [unknown, number, string][] = [
      [{ ...THROWS, errorMessage: 'Unauthorized' }, 401, 'Unauthorized'],
      [policy('Deny'), 403, 'Forbidden'],
      [policy('Allow', {}, `${WS_ARN}/prod/*`), 403, 'Forbidden'],
      [THROWS, 500, 'Internal server error'],
      [{ ...THROWS, errorMessage: 'Unauthorized!' }, 500, 'Internal server error'],
      [undefined, 500, 'Internal server error'],
      ['Unauthorized', 500, 'Internal server error'],
      [{ isAuthorized: true }, 500, 'Internal server error'],
      [policy('Allow', { principalId: undefined }), 500, 'Internal server error'],
      [policy('Allow', { context: { nested: {} } }), 500, 'Internal server error'],
      [policy('Allow', { context: { long: 'x'.repeat(8 * 1024) } }), 500, 'Internal server error'],
    ];
    let given: [unknown, number, string];
    for (given of results) {
      result = given[0];
      const { status, body } = await refusalOf(url);
      expect([status, JSON.parse(body).message], JSON.stringify(result)).to.deep.equal(given.slice(1));
      expect(body).to.not.include('secret detail');
    }
    expect(invoker.eventsOf('c')).to.deep.equal([]);
    expect(invoker.eventsOf('x')).to.deep.equal([]);
    result = policy('Allow', {}, [`${WS_ARN}/*/$connect`]);
    await openClient(url);
  });

  it('are asked for one connection and never again, and never cached (WS-15, WS-16)', async () => {
    let effect = 'Allow';
    const { websocket, invoker } = await start(() => policy(effect), { cacheTtlMs: 300_000 });
    const client = await openClient(`${websocket}?token=a`);
    effect = 'Deny';
    client.socket.send('still here');
    await until(() => invoker.eventsOf('d').length === 1);
    expect((await refusalOf(`${websocket}?token=a`)).status).to.equal(403);
  });

  it('need a permission of their own: 500 and no invocation without it (WS-06, WS-15)', async () => {
    const stack = stackOf({ kind: 'request', authorizer: AUTHORIZER });
    const permissions = [
      ...stack.permissions.filter(({ functionArn: arn }) => arn !== AUTHORIZER.functionArn),
      permission('auth', CONNECT_ARN),
    ];
    const { websocket, invoker, log } = await startTestGateway({ ...stack, permissions }, {});
    expect((await refusalOf(`${websocket}?token=a`)).status).to.equal(500);
    expect(invoker.events).to.deep.equal([]);
    expect(log.at(-1)?.message).to.include(`${WS_ARN}/authorizers/auth01`);
  });

  it('are refused by name where no WebSocket API has them', async () => {
    const jwt = { ...AUTHORIZER, identitySource: '$request.header.Authorization', issuer: 'https://x', audience: [] };
    const broken: [Stack, string][] = [
      [stackOf({ kind: 'jwt', authorizer: jwt, scopes: [] }), '$connect asks for authorization by jwt'],
      [
        stackOf({ kind: 'request', authorizer: { ...AUTHORIZER, identitySources: ['$request.header.Auth'] } }),
        '$request.header.Auth is no identity source',
      ],
    ];
    for (const [stack, cause] of broken) {
      const error = await startTestGateway(stack, {}).then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error).to.have.property('code', 'TEMPLATE_INVALID');
      expect(error?.message).to.include(cause);
    }
  });
});

describe('AWS_IAM on $connect', () => {
  afterEach(stopAll);

  async function startIam() {
    const stack = stackOf({ kind: 'iam' });
    const test = await startTestGateway(stack, { c: () => ({ statusCode: 200 }) });
    const credentials = createCredentialStore(stack.functions, stack.accountId, 1).ofFunction(CALLER);
    return { ...test, credentials };
  }

  it('wants the handshake signed, in its headers or its query (WS-16)', async () => {
    const { websocket, invoker, log } = await startIam();
    await openClient(websocket, [], signedHeaders(websocket));
    await openClient(presigned(`${websocket}?room=7`));
    expect(invoker.eventsOf('c')).to.have.length(2);
    expect(invoker.eventsOf('c')[0]?.requestContext.identity).to.deep.include({
      accountId: '123456789012',
      userArn: 'arn:aws:iam::123456789012:user/developer',
    });
    const { status, body } = await refusalOf(websocket);
    expect(status).to.equal(403);
    expect(JSON.parse(body).message).to.equal('Missing Authentication Token');
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-16' });
    const wrong = openClient(websocket, [], { ...signedHeaders(websocket), 'x-amz-date': '20240101T000000Z' });
    expect(await statusOf(wrong)).to.equal(403);
    expect(invoker.eventsOf('c')).to.have.length(2);
  });

  it('wants a policy that allows execute-api:Invoke on $connect (WS-16)', async () => {
    const { websocket, credentials, log } = await startIam();
    const refused = openClient(websocket, [], signedHeaders(websocket, { credentials }));
    expect(await statusOf(refused)).to.equal(403);
    expect(log.at(-1)?.message).to.include('execute-api:Invoke').and.include(`${WS_ARN}/dev/$connect`);
  });

  it('asks once: messages are not signed (WS-16)', async () => {
    const { websocket, invoker } = await startIam();
    const client = await openClient(websocket, [], signedHeaders(websocket));
    client.socket.send('x');
    await until(() => invoker.eventsOf('d').length === 1);
  });
});

function statusOf(opening: Promise<unknown>): Promise<number> {
  return opening.then(
    () => 101,
    ({ status }: { status: number }) => status,
  );
}
