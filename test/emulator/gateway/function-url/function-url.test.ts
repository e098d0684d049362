import { request } from 'node:http';
import { expect } from 'chai';
import { DEVELOPER_CREDENTIALS } from '../../../../emulator/iam/credentials.ts';
import type { FunctionUrl, InvokePermission, LambdaFunction, Stack } from '../../../../emulator/stack/stack.ts';
import { createStack, functionArn, startTestGateway, stopAll, type TestFunction, THROWS } from '../fixture.ts';
import { signedHeaders } from '../websocket/sign.ts';

const URL_ID = 'abcdefghijklmnopqrstuvwxyz012345';

const PUBLIC: InvokePermission = {
  logicalId: 'UrlPermission',
  functionArn: functionArn('open'),
  principal: '*',
  action: 'lambda:InvokeFunctionUrl',
  functionUrlAuthType: 'NONE',
};

const ALSO: InvokePermission = { ...PUBLIC, action: 'lambda:InvokeFunction', viaFunctionUrl: true };

/** Of a URL that asks for signatures, which this one does not. */
const SIGNED: InvokePermission = { ...PUBLIC, functionUrlAuthType: 'AWS_IAM' };

function stackWithUrl(authorization: FunctionUrl['authorization'], permissions: InvokePermission[]): Stack {
  const fn: LambdaFunction = {
    logicalId: 'Open',
    name: 'open',
    arn: functionArn('open'),
    codeFolder: '/',
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 128,
    environment: {},
    role: { arn: 'arn:aws:iam::123456789012:role/open' },
    url: { logicalId: 'OpenUrl', urlId: URL_ID, authorization },
  };
  return { ...createStack({}, permissions), functions: [fn] };
}

async function start(
  open: TestFunction,
  authorization: FunctionUrl['authorization'] = 'NONE',
  allowed = [PUBLIC, ALSO],
) {
  const { gateway, invoker, log } = await startTestGateway(stackWithUrl(authorization, allowed), { open });
  const url = gateway.urls.functions?.open ?? '';
  return { url, log, events: () => invoker.eventsOf('open') };
}

/** The path exactly as given, which fetch would tidy up. */
function ask(url: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const { port } = new URL(url);
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise<{ status?: number; headers: readonly string[]; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
      let text = '';
      for await (const slice of response.setEncoding('utf8')) text += slice;
      resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, body: text });
    });
    sent.once('error', reject).end(body);
  });
}

describe('function URLs (LA-11)', () => {
  afterEach(stopAll);

  it('hand over payload 2.0 with the path as sent, both forms of cookies, and nobody for an account', async () => {
    const { url, events } = await start(() => 'hello');
    const answer = await ask(url, '/a%2Fb/%40x//c?q=1+2', { cookie: 'a=1; b=2', 'X-Mine': 'yes' });
    const [event] = events();

    expect(answer.body).to.equal('hello');
    expect(event).to.deep.include({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a%2Fb/%40x//c',
      rawQueryString: 'q=1+2',
      queryStringParameters: { q: '1 2' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
    });
    expect(event?.headers).to.include({
      cookie: 'a=1; b=2',
      'x-mine': 'yes',
      'x-forwarded-proto': 'https',
      'x-amzn-tls-version': 'TLSv1.3',
    });
    const { requestId, http, ...context } = (event?.requestContext ?? {}) as Record<string, Record<string, string>>;
    expect(requestId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(http).to.include({ method: 'GET', path: '/a/b/@x//c', protocol: 'HTTP/1.1' });
    expect(context).to.include({
      accountId: 'anonymous',
      apiId: URL_ID,
      domainName: `${URL_ID}.lambda-url.us-east-1.on.aws`,
      domainPrefix: URL_ID,
      routeKey: '$default',
      stage: '$default',
    });
    expect(answer.headers).to.include(requestId as unknown as string);
  });

  it('take bodies by the rule of HTTP APIs (HA-16)', async () => {
    const { url, events } = await start(() => ({ statusCode: 204 }));
    await ask(url, '/', { 'content-type': 'application/json' }, '{"a":1}');
    await ask(url, '/', { 'content-type': 'application/octet-stream' }, 'bytes');

    expect(events().map(({ body, isBase64Encoded }) => [body, isBase64Encoded])).to.deep.equal([
      ['{"a":1}', false],
      ['Ynl0ZXM=', true],
    ]);
  });

  it('send JSON where the function names no content type, and the cookies it returns', async () => {
    const { url } = await start(() => ({ statusCode: 201, cookies: ['a=1', 'b=2'], body: '{}' }));
    const { status, headers } = await ask(url, '/');

    expect(status).to.equal(201);
    expect(headers.filter((_, at) => headers[at - 1] === 'Set-Cookie')).to.deep.equal(['a=1', 'b=2']);
    expect(headers[headers.indexOf('Content-Type') + 1]).to.equal('application/json');
  });

  it('answer 502 in plain text for a function that fails, and say why in the log alone', async () => {
    const { url, log } = await start(() => THROWS);
    const { status, body } = await ask(url, '/');

    expect([status, body]).to.deep.equal([502, 'Internal Server Error']);
    expect(log.at(-1)?.message).to.include('secret detail');
  });

  it('answer 403 in their own words without a permission, and do not invoke', async () => {
    for (const allowed of [[], [PUBLIC], [ALSO], [{ ...PUBLIC, principal: 'x' }, ALSO], [SIGNED, ALSO]]) {
      const { url, events, log } = await start(() => 'hello', 'NONE', allowed);
      const { status, headers, body } = await ask(url, '/');

      expect(status).to.equal(403);
      expect(JSON.parse(body).Message).to.match(
        /^Forbidden\. For troubleshooting Function URL authorization issues, see/,
      );
      expect(headers[headers.indexOf('X-Amzn-Errortype') + 1]).to.equal('AccessDeniedException');
      expect(events()).to.deep.equal([]);
      expect(log.at(-1)?.message).to.include('it was not invoked');
    }
  });

  it('ask for a signature where AWS_IAM is set', async () => {
    const { url, events } = await start(() => 'hello', 'AWS_IAM', []);
    expect((await ask(url, '/')).status).to.equal(403);
    const forged = `AWS4-HMAC-SHA256 Credential=${DEVELOPER_CREDENTIALS.accessKeyId}/20240209/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00`;
    expect((await ask(url, '/', { authorization: forged, 'x-amz-date': '20240209T181143Z' })).status).to.equal(403);
    expect(events()).to.deep.equal([]);
  });

  it('tell who signed, where AWS_IAM is set', async () => {
    const { url, events } = await start(() => 'hello', 'AWS_IAM', []);
    const response = await fetch(`${url}/a`, { headers: signedHeaders(`${url}/a`, { service: 'lambda' }) });
    expect([response.status, await response.text()]).to.deep.equal([200, 'hello']);
    const context = events()[0]?.requestContext as Record<string, Record<string, object>>;
    expect(context.accountId).to.equal('123456789012');
    expect(context.authorizer?.iam).to.include({
      accessKey: DEVELOPER_CREDENTIALS.accessKeyId,
      accountId: '123456789012',
      userArn: 'arn:aws:iam::123456789012:user/developer',
    });
    const forApi = await fetch(`${url}/a`, { headers: signedHeaders(`${url}/a`, { service: 'execute-api' }) });
    expect(forApi.status).to.equal(403);
  });

  it('answer preflights themselves, and put their CORS in the place of the function’s', async () => {
    const cors = {
      allowOrigins: ['https://a.example'],
      allowMethods: ['*'],
      allowHeaders: [],
      exposeHeaders: ['x-theirs'],
      allowCredentials: false,
    };
    const stack = stackWithUrl('NONE', [PUBLIC, ALSO]);
    const functions = stack.functions.map((fn) => (fn.url ? { ...fn, url: { ...fn.url, cors } } : fn));
    const open = () => ({ statusCode: 200, headers: { 'access-control-allow-origin': '*' } });
    const { gateway, invoker } = await startTestGateway({ ...stack, functions }, { open });
    const url = gateway.urls.functions?.open ?? '';
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    const preflight = await fetch(url, { method: 'OPTIONS', headers });
    expect(preflight.status).to.equal(200);
    expect(preflight.headers.get('access-control-allow-methods')).to.equal('*');
    expect(invoker.events).to.deep.equal([]);
    const response = await fetch(url, { headers });
    expect(response.headers.get('access-control-allow-origin')).to.equal('https://a.example');
    expect(response.headers.get('access-control-expose-headers')).to.equal('x-theirs');
  });

  it('answer 429 without concurrency, 413 for too much, 502 for what is no response', async () => {
    let result: unknown;
    const { url } = await start(() => result);
    for (const [given, status] of [
      [{ kind: 'throttled', reason: 'function' }, 429],
      [{ kind: 'event-too-large' }, 413],
      [{ kind: 'not-found' }, 502],
      [{ statusCode: 0 }, 502],
      [{ statusCode: 200, body: 1 }, 502],
    ] as const) {
      result = given;
      expect((await ask(url, '/')).status, JSON.stringify(given)).to.equal(status);
    }
    expect((await ask(url, '/', {}, 'x'.repeat(6 * 1024 * 1024 + 1))).status).to.equal(413);
  });

  it('take a port each, one after the other from the first', async () => {
    const stack = stackWithUrl('NONE', [PUBLIC, ALSO]);
    const [fn] = stack.functions;
    if (!fn?.url) throw new Error('no function');
    const other = { ...fn, name: 'other', url: { ...fn.url, urlId: 'b'.repeat(32) } };
    const { gateway } = await startTestGateway({ ...stack, functions: [fn, other] }, { open: () => 'hello' });
    const { open = '', other: second = '' } = gateway.urls.functions ?? {};
    expect(new URL(open).port).to.not.equal(new URL(second).port);
    expect((await fetch(second)).status).to.equal(200);
  });
});
