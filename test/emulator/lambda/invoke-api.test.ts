import { expect } from 'chai';
import { type InvokeApi, startInvokeApi } from '../../../emulator/lambda/invoke-api.ts';
import type { InvokeResult } from '../../../emulator/stack/invoker.ts';
import type { LambdaFunction } from '../../../emulator/stack/stack.ts';

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
      'asynchronous invocation',
      () => post('shop-dev-app', '{}', { 'x-amz-invocation-type': 'Event' }),
      400,
      'InvalidParameterValueException',
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

  it('passes on that there is no concurrency left (LA-06), and that the event is too large (LA-04)', async () => {
    answer = { kind: 'throttled', reason: 'account' };
    expect((await post('shop-dev-app', '{}')).status).to.equal(429);
    answer = { kind: 'event-too-large' };
    expect((await post('shop-dev-app', '{}')).status).to.equal(413);
  });

  it('answers a dry run without invoking', async () => {
    expect((await post('shop-dev-app', '{}', { 'x-amz-invocation-type': 'DryRun' })).status).to.equal(204);
    expect(invoked).to.deep.equal([]);
  });
});
