import { expect } from 'chai';
import { createCredentialStore, DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import { type InvokeApi, startInvokeApi } from '../../../emulator/lambda/invoke-api.ts';
import type { InvokeResult } from '../../../emulator/stack/invoker.ts';
import type { LambdaFunction } from '../../../emulator/stack/stack.ts';
import { signedHeaders } from '../gateway/websocket/sign.ts';
import { createFunction, startFunction, stopAll } from './fixture.ts';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:shop-dev-app';
const FUNCTIONS = [{ name: 'shop-dev-app', arn: ARN }] as unknown as LambdaFunction[];

describe('Invoke API', () => {
  let api: InvokeApi;
  let answer: InvokeResult;
  let invoked: [string, string][];

  beforeEach(async () => {
    invoked = [];
    answer = { kind: 'returned', payload: '{"ok":true}' };
    const invoke = async (arn: string, payload: string) => {
      invoked.push([arn, payload]);
      return answer;
    };
    api = await startInvokeApi({ functions: FUNCTIONS, invoker: { invoke }, port: 0 });
  });
  afterEach(() => api.stop());

  const post = (name: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/2015-03-31/functions/${name}/invocations`, { method: 'POST', body, headers });

  it('invokes by name, ARN, partial ARN and qualifier', async () => {
    const names = [
      'shop-dev-app',
      ARN,
      encodeURIComponent(ARN),
      '123456789012:function:shop-dev-app',
      'shop-dev-app:$LATEST',
    ];
    for (const name of names) {
      const response = await post(name, '{"n":1}');
      expect(response.status, name).to.equal(200);
      expect(response.headers.get('x-amz-executed-version')).to.equal('$LATEST');
      expect(await response.json()).to.deep.equal({ ok: true });
    }
    expect(invoked).to.deep.equal(names.map(() => [ARN, '{"n":1}']));
  });

  it('refuses web pages', async () => {
    expect((await post('shop-dev-app', '{}', { origin: 'https://evil.example' })).status).to.equal(403);
    expect(invoked).to.deep.equal([]);
  });

  it('hands an empty event where there is no payload', async () => {
    await post('shop-dev-app', '');
    expect(invoked).to.deep.equal([[ARN, '{}']]);
  });

  it('tells a function error by header, with status 200', async () => {
    answer = { kind: 'failed', errorType: 'Broken', errorMessage: 'no luck' };
    const response = await post('shop-dev-app', '{}');
    expect(response.status).to.equal(200);
    expect(response.headers.get('x-amz-function-error')).to.equal('Unhandled');
    expect(await response.json()).to.deep.equal({ errorType: 'Broken', errorMessage: 'no luck' });
  });

  const refusals: [what: string, send: () => Promise<Response>, status: number, errorType: string][] = [
    ['an unknown function', () => post('nobody', '{}'), 404, 'ResourceNotFoundException'],
    ['what is not JSON', () => post('shop-dev-app', '{'), 400, 'InvalidRequestContentException'],
    [
      'an invocation type that does not exist',
      () => post('shop-dev-app', '{}', { 'x-amz-invocation-type': 'event' }),
      400,
      'InvalidParameterValueException',
    ],
    [
      'the tail of the log',
      () => post('shop-dev-app', '{}', { 'x-amz-log-type': 'Tail' }),
      400,
      'InvalidParameterValueException',
    ],
    [
      "a client's context",
      () => post('shop-dev-app', '{}', { 'x-amz-client-context': 'e30=' }),
      400,
      'InvalidParameterValueException',
    ],
    [
      'another version',
      () => fetch(`${api.url}/2015-03-31/functions/shop-dev-app/invocations?Qualifier=7`, { method: 'POST' }),
      404,
      'ResourceNotFoundException',
    ],
    [
      'an asynchronous event over 1 MB (LA-04)',
      () => post('shop-dev-app', ' '.repeat(1_048_577), { 'x-amz-invocation-type': 'Event' }),
      413,
      'RequestTooLargeException',
    ],
    ['another operation', () => fetch(`${api.url}/2015-03-31/functions`), 404, 'UnknownOperationException'],
    ['a payload far over 6 MB (LA-04)', () => post('shop-dev-app', ' '.repeat(7.5e6)), 413, 'RequestTooLargeException'],
  ];
  for (const [what, send, status, errorType] of refusals) {
    it(`refuses ${what}`, async () => {
      const response = await send();
      expect(response.status).to.equal(status);
      expect(response.headers.get('x-amzn-errortype')).to.equal(errorType);
      expect(invoked).to.deep.equal([]);
    });
  }

  for (const [reason, named] of [
    ['account', 'ConcurrentInvocationLimitExceeded'],
    ['function', 'ReservedFunctionConcurrentInvocationLimitExceeded'],
  ] as const) {
    it(`tells whose concurrency is used up: ${reason} (LA-06)`, async () => {
      answer = { kind: 'throttled', reason };
      const response = await post('shop-dev-app', '{}');
      expect(response.status).to.equal(429);
      expect(response.headers.get('x-amzn-errortype')).to.equal('TooManyRequestsException');
      expect(response.headers.get('retry-after')).to.match(/^\d+$/);
      expect(await response.json()).to.deep.equal({ Reason: named, Type: 'User', message: 'Rate Exceeded.' });
    });
  }

  it('passes on that the event is too large (LA-04)', async () => {
    answer = { kind: 'event-too-large' };
    expect((await post('shop-dev-app', '{}')).status).to.equal(413);
  });

  it('takes an asynchronous event at once, without waiting for what becomes of it (LA-05)', async () => {
    answer = { kind: 'failed', errorType: 'Broken', errorMessage: 'no luck' };
    const event = `{"pad":"${'x'.repeat(1_048_576 - 10)}"}`;
    const response = await post('shop-dev-app', event, { 'x-amz-invocation-type': 'Event' });
    expect(response.status).to.equal(202);
    expect(await response.text()).to.equal('');
    expect(response.headers.get('x-amzn-requestid')).to.match(/^[0-9a-f-]{36}$/);
    expect(invoked).to.deep.equal([[ARN, event]]);
  });

  it('answers a dry run without invoking', async () => {
    expect((await post('shop-dev-app', '{}', { 'x-amz-invocation-type': 'DryRun' })).status).to.equal(204);
    expect(invoked).to.deep.equal([]);
  });
});

describe('who may invoke by the Invoke API', () => {
  const leftovers: InvokeApi[] = [];
  afterEach(async () => {
    for (const api of leftovers.splice(0)) await api.stop();
    await stopAll();
  });

  const REGION = 'eu-central-1';
  const HOST = `lambda.${REGION}.amazonaws.com`;

  /** A function that may invoke `target` if `statements` allow it, and one that may do nothing. */
  async function start() {
    const target = createFunction('', { fn: { name: 'target' } });
    const allowed = createFunction('', {
      fn: {
        name: 'allowed',
        role: {
          arn: 'arn:aws:iam::123456789012:role/allowed',
          statements: [{ effect: 'Allow', actions: ['lambda:InvokeFunction'], resources: [target.arn] }],
        },
      },
    });
    const denied = createFunction('', {
      fn: { name: 'denied', role: { arn: 'arn:aws:iam::123456789012:role/denied', statements: [] } },
    });
    const functions = [target, allowed, denied];
    const credentials = createCredentialStore(functions, '123456789012', 1);
    const invoke = async (): Promise<InvokeResult> => ({ kind: 'returned', payload: '"ran"' });
    const api = await startInvokeApi({
      functions,
      invoker: { invoke },
      port: 0,
      access: { credentials, region: REGION },
    });
    leftovers.push(api);
    const url = `${api.url}/2015-03-31/functions/target/invocations`;
    return { allowed, denied, credentials, api, url };
  }

  const send = (url: string, signing: Parameters<typeof signedHeaders>[1]) =>
    fetch(url, {
      method: 'POST',
      body: '{}',
      headers: signedHeaders(url, { method: 'POST', body: '{}', region: REGION, service: 'lambda', ...signing }),
    });

  it('whoever may by its role', async () => {
    const { url, credentials, allowed } = await start();
    const response = await send(url, { credentials: credentials.ofFunction(allowed) });
    expect([response.status, await response.text()]).to.deep.equal([200, '"ran"']);
  });

  it('no function whose role does not allow it', async () => {
    const { url, credentials, denied } = await start();
    const response = await send(url, { credentials: credentials.ofFunction(denied) });
    expect(response.status).to.equal(403);
    expect(response.headers.get('x-amzn-errortype')).to.equal('AccessDeniedException');
    expect(((await response.json()) as { Message: string }).Message).to.match(
      /^User: arn:aws:sts::123456789012:assumed-role\/denied\/denied is not authorized to perform: lambda:InvokeFunction on resource: \S+:target /,
    );
  });

  it('no function that signs wrongly', async () => {
    const { url, credentials, allowed } = await start();
    const wrong = { ...credentials.ofFunction(allowed), secretAccessKey: 'guessed' };
    const response = await send(url, { credentials: wrong });
    expect(response.headers.get('x-amzn-errortype')).to.equal('InvalidSignatureException');
  });

  it("everybody on this machine: the developer's key, unsigned, and keys of accounts that nobody knows here", async () => {
    const { url } = await start();
    expect((await send(url, { credentials: DEVELOPER_CREDENTIALS })).status).to.equal(200);
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).to.equal(200);
    expect((await send(url, { credentials: { accessKeyId: 'AKIAMINE', secretAccessKey: 'mine' } })).status).to.equal(
      200,
    );
  });

  it('functions that ask for it by its name in AWS only when they sign', async () => {
    const { api, credentials, allowed } = await start();
    const url = `https://${HOST}/2015-03-31/functions/target/invocations`;
    const headers = signedHeaders(url, {
      method: 'POST',
      body: '{}',
      region: REGION,
      service: 'lambda',
      credentials: credentials.ofFunction(allowed),
    });
    const { call } = startFunction(
      `exports.handler = async ({ headers }) => {
         const response = await fetch('${url}', { method: 'POST', body: '{}', headers });
         return [response.status, response.headers.get('x-amzn-errortype')];
       };`,
      { origins: new Map([[HOST, api.url]]) },
    );
    expect(await call({ headers })).to.deep.equal([200, null]);
    expect(await call({ headers: {} })).to.deep.equal([403, 'MissingAuthenticationTokenException']);
  });
});
