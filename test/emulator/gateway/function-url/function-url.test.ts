import { request } from 'node:http';
import { expect } from 'chai';
import { DEVELOPER_CREDENTIALS } from '../../../../emulator/iam/credentials.ts';
import type { FunctionUrl, InvokePermission, LambdaFunction, Stack } from '../../../../emulator/stack/stack.ts';
import { createStack, functionArn, startTestGateway, stopAll, type TestFunction, THROWS } from '../fixture.ts';

const URL_ID = 'abcdefghijklmnopqrstuvwxyz012345';

const PUBLIC: InvokePermission = {
  logicalId: 'UrlPermission',
  functionArn: functionArn('open'),
  principal: '*',
  action: 'lambda:InvokeFunctionUrl',
  functionUrlAuthType: 'NONE',
};

const ALSO: InvokePermission = { ...PUBLIC, action: 'lambda:InvokeFunction', viaFunctionUrl: true };

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
    const { requestId, http, ...context } = event?.requestContext as Record<string, Record<string, string>>;
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
    for (const allowed of [[], [PUBLIC], [ALSO], [{ ...PUBLIC, principal: 'x' }, ALSO]]) {
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
});
