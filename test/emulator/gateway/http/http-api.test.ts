import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import {
  createGate,
  createStack,
  HTTP_ARN,
  httpApi,
  permission,
  rawRequest,
  START,
  startTestGateway,
  stopAll,
  type TestFunction,
  THROWS,
  until,
} from '../fixture.ts';

const OK: TestFunction = () => ({ statusCode: 200, body: 'ok' });

function start(
  f: TestFunction,
  format: '1.0' | '2.0' = '2.0',
  options: Parameters<typeof startTestGateway>[2] = {},
  routes: Record<string, string> = { $default: 'f' },
) {
  return startTestGateway(createStack({ httpApi: httpApi(routes, format) }), { f }, options);
}

/** A request as text; its connection closes after the answer. */
function request(line: string, headers: string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: localhost:4000', ...headers, 'Connection: close', '', body].join('\r\n');
}

describe('HTTP API', () => {
  afterEach(stopAll);

  it('turns a request into a 2.0 event (HA-04, HA-05, HA-11, HA-12, HA-15, HA-21)', async () => {
    const { http, invoker } = await start(OK);
    const target = '/a%20b//c/../d%2Fe?x=1&x=%2C&y=a+b';
    const text = request(
      `POST ${target}`,
      ['X-A: 1', 'x-a: 2', 'Cookie: a=1; b=2', 'Content-Type: text/plain', 'Content-Length: 2'],
      'hi',
    );
    const answer = await rawRequest(http, text);
    const [event] = invoker.eventsOf('f');
    expect(event).to.deep.include({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a b//c/../d/e',
      rawQueryString: 'x=1&x=%2C&y=a+b',
      queryStringParameters: { x: '1,,', y: 'a b' },
      cookies: ['a=1', 'b=2'],
      body: 'hi',
      isBase64Encoded: false,
    });
    expect(event?.headers).to.include({ host: 'localhost:4000', 'x-a': '1,2', 'content-length': '2' });
    expect(event?.headers).to.not.have.any.keys('connection', 'cookie');
    expect(event?.headers['x-forwarded-for']).to.equal('127.0.0.1');
    expect(event?.requestContext).to.include({
      apiId: 'httpapi123',
      accountId: '123456789012',
      domainName: 'httpapi123.execute-api.us-east-1.amazonaws.com',
      stage: '$default',
      timeEpoch: START,
    });
    expect(answer).to.include(`\r\nApigw-Requestid: ${event?.requestContext.requestId}\r\n`);
  });

  it('turns a request into a 1.0 event, per integration (HA-07, HA-13, HA-19)', async () => {
    const { http, invoker } = await start(OK, '1.0');
    await rawRequest(http, request('GET /a%20b?x=1&x=2', ['X-cUSTOM: 1', 'Cookie: a=1']));
    const [event] = invoker.eventsOf('f');
    expect(event).to.deep.include({
      version: '1.0',
      path: '/a%20b',
      httpMethod: 'GET',
      queryStringParameters: { x: '2' },
      multiValueQueryStringParameters: { x: ['1', '2'] },
      body: null,
    });
    expect(event?.headers).to.include({ 'X-cUSTOM': '1', Cookie: 'a=1', Host: 'localhost:4000' });
    expect(event?.requestContext.path).to.equal('/a b');
  });

  it('answers 400 to two Host headers, of which nobody knows the right one', async () => {
    const { http, invoker } = await start(OK);
    expect(await rawRequest(http, request('GET /', ['Host: evil.example']))).to.match(/^HTTP\/1\.1 400 /);
    expect(invoker.eventsOf('f')).to.deep.equal([]);
  });

  it('shows another host as a custom domain', async () => {
    const { http, invoker } = await start(OK);
    await rawRequest(http, request('GET /').replace('localhost:4000', 'abc.localhost:4000'));
    const [event] = invoker.eventsOf('f');
    expect(event?.requestContext).to.include({ domainName: 'abc.localhost', domainPrefix: 'abc' });
    expect(event?.headers.host).to.equal('abc.localhost:4000');
  });

  it('names the stage in the path when it is not $default (HA-01, HA-09)', async () => {
    const api = httpApi({ 'GET /items': 'f' }, '2.0', { stages: [{ name: 'prod', variables: { color: 'blue' } }] });
    const { http, invoker } = await startTestGateway(createStack({ httpApi: api }), { f: OK });
    expect((await fetch(`${http}/prod/items`)).status).to.equal(200);
    const [event] = invoker.eventsOf('f');
    expect(event).to.deep.include({
      rawPath: '/prod/items',
      routeKey: 'GET /items',
      stageVariables: { color: 'blue' },
    });
    const elsewhere = await fetch(`${http}/items`);
    expect([elsewhere.status, await elsewhere.text()]).to.deep.equal([404, '{"message":"Not Found"}']);
  });

  it('answers 404 in 23 bytes where no route fits (HA-03)', async () => {
    const { http, invoker, log } = await start(OK, '2.0', {}, { 'GET /items': 'f' });
    const response = await fetch(`${http}/other`);
    expect([response.status, await response.text()]).to.deep.equal([404, '{"message":"Not Found"}']);
    expect(response.headers.get('content-length')).to.equal('23');
    expect(response.headers.get('content-type')).to.equal('application/json');
    expect(invoker.events).to.deep.equal([]);
    expect(log.at(-1)).to.include({ behaviour: 'HA-03' });
  });

  it('passes bodies byte for byte, in base64 unless they are text (HA-16)', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { http, invoker } = await start((event) => ({ statusCode: 200, body: event.body, isBase64Encoded: true }));
    const response = await fetch(http, { method: 'POST', body: bytes });
    expect(Buffer.from(await response.arrayBuffer())).to.deep.equal(bytes);
    expect(invoker.eventsOf('f')[0]?.isBase64Encoded).to.equal(true);
  });

  it('reads chunked bodies, gives their length and answers Expect (HA-12, HA-25)', async () => {
    const { http, invoker } = await start(OK);
    const headers = [
      'Transfer-Encoding: chunked',
      'Expect: 100-continue',
      'Upgrade: websocket',
      'Content-Type: text/plain',
    ];
    const answer = await rawRequest(http, request('POST /', headers, '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'));
    expect(answer).to.match(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
    const [event] = invoker.eventsOf('f');
    expect(event?.body).to.equal('abcde');
    expect(event?.headers['content-length']).to.equal('5');
    expect(event?.headers).to.not.have.any.keys('transfer-encoding', 'expect', 'upgrade');
  });

  it('sends exactly the headers that AWS adds, in title case (HR-03, HR-10, HR-11)', async () => {
    const { http } = await start(() => ({
      statusCode: 200,
      headers: { myHeader: '1', connection: 'x', 'content-length': '7', 'x-powered-by': 'y' },
      cookies: ['a=1', 'b=2'],
      body: 'é',
    }));
    const answer = await rawRequest(
      http,
      request('GET /').replace('Connection: close\r\n', '').replace('HTTP/1.1', 'HTTP/1.0'),
    );
    const [head = '', body] = answer.split('\r\n\r\n');
    const lines = head.split('\r\n').map((line) => line.replace(/^(Date|Apigw-Requestid): .*/, '$1'));
    expect(lines.slice(1).sort()).to.deep.equal([
      'Apigw-Requestid',
      'Connection: close',
      'Content-Length: 2',
      'Content-Type: text/plain; charset=utf-8',
      'Date',
      'Myheader: 1',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'X-Powered-By: y',
    ]);
    expect(body).to.equal('\u00c3\u00a9');
    const kept = await fetch(http);
    expect(kept.headers.get('connection')).to.equal('keep-alive');
    expect(kept.headers.has('keep-alive')).to.equal(false);
  });

  it('answers HEAD with headers alone, 204 and 304 without a length (HA-26)', async () => {
    let statusCode = 200;
    const { http, invoker } = await start(() => ({ statusCode, body: 'four' }));
    expect(await rawRequest(http, request('HEAD /')))
      .to.match(/\r\nContent-Length: 4\r\n/)
      .and.match(/\r\n\r\n$/);
    expect(invoker.eventsOf('f')[0]?.requestContext.http).to.include({ method: 'HEAD' });
    for (statusCode of [204, 304]) {
      expect(await rawRequest(http, request('GET /')))
        .to.match(/\r\n\r\n$/)
        .and.not.match(/content-length|transfer-encoding/i);
    }
  });

  it('answers a failed function with 500, exactly, and the detail in the log alone (HR-05)', async () => {
    const { http, log } = await start(() => THROWS);
    const response = await fetch(`${http}/x`);
    expect(response.status).to.equal(500);
    expect(await response.text()).to.equal('{"message":"Internal Server Error"}');
    expect(response.headers.get('content-length')).to.equal('35');
    expect(response.headers.get('content-type')).to.equal('application/json');
    expect(log).to.have.length(1);
    expect(log[0]).to.include({ level: 'error', behaviour: 'HR-05' });
    expect(log[0]?.message).to.include('secret detail');
  });

  it('answers 503 without a content type when 30 s have passed (HR-06)', async () => {
    const { http, clock, invoker } = await start(() => new Promise(() => {}));
    const answering = fetch(http);
    await until(() => invoker.events.length === 1);
    clock.advance(30_000);
    const response = await answering;
    expect([response.status, await response.text()]).to.deep.equal([503, '{"message":"Service Unavailable"}']);
    expect(response.headers.has('content-type')).to.equal(false);
    expect(response.headers.get('content-length')).to.equal('33');
  });

  it('answers 413 when the event is too large for Lambda (HA-23)', async () => {
    const { http } = await start(() => ({ kind: 'event-too-large' }));
    const response = await fetch(http);
    expect([response.status, await response.text()]).to.deep.equal([413, '{"message":"Request Entity Too Large"}']);
  });

  it('answers 413 to a body over 10 MB, without an invocation (HA-22)', async () => {
    const { http, invoker } = await start(OK, '2.0', { quotas: { httpBodyBytes: 1_000 } });
    const post = (length: number) => fetch(http, { method: 'POST', body: 'x'.repeat(length) });
    expect((await post(1_000)).status).to.equal(200);
    expect((await post(1_001)).status).to.equal(413);
    expect((await post(1_000_000)).status).to.equal(413);
    expect(invoker.events).to.have.length(1);
  });

  it('answers 431 to more than 10,240 bytes of request line and headers (HA-22)', async () => {
    const { http } = await start(OK);
    const empty = request('GET /', ['X: ']).length - 2; // the blank line at the end is no header
    const sized = (total: number) => request('GET /', [`X: ${'x'.repeat(total - empty)}`]);
    expect(await rawRequest(http, sized(10_240))).to.match(/^HTTP\/1.1 200 /);
    expect(await rawRequest(http, sized(10_241))).to.match(/^HTTP\/1.1 431 /);
    expect(await rawRequest(http, sized(200_000))).to.match(/^HTTP\/1.1 431 /);
  });

  it('answers 500 without an invocation where the permission misses (HA-27)', async () => {
    const stack = createStack({ httpApi: httpApi({ $default: 'f' }, '2.0') }, [permission('f', `${HTTP_ARN}/dev/*`)]);
    const { http, invoker, log } = await startTestGateway(stack, { f: OK });
    const response = await fetch(http);
    expect([response.status, await response.text()]).to.deep.equal([500, '{"message":"Internal Server Error"}']);
    expect(invoker.events).to.deep.equal([]);
    expect(log).to.have.length(1);
    expect(log[0]).to.include({ level: 'error', behaviour: 'HA-27' });
    expect(log[0]?.message).to.include(`${HTTP_ARN}/$default/$default`).and.include(`${HTTP_ARN}/dev/*`);
  });

  it('is let in by a permission for the one route (HA-27)', async () => {
    const api = httpApi({ 'GET /items/{id}': 'f' }, '2.0');
    const stack = createStack({ httpApi: api }, [permission('f', `${HTTP_ARN}/*/GET/items/{id}`)]);
    const { http } = await startTestGateway(stack, { f: OK });
    expect((await fetch(`${http}/items/7`)).status).to.equal(200);
  });

  it('names the request’s method instead of ANY in the invocation ARN, by switch (HA-27)', async () => {
    const stack = createStack({ httpApi: httpApi({ 'ANY /items': 'f' }, '2.0') }, [
      permission('f', `${HTTP_ARN}/*/GET/items`),
    ]);
    const byWord = await startTestGateway(stack, { f: OK });
    expect((await fetch(`${byWord.http}/items`)).status).to.equal(500);
    expect(byWord.log[0]?.message).to.include(`${HTTP_ARN}/$default/ANY/items`);
    const byMethod = await startTestGateway(stack, { f: OK }, { switches: { anyInArn: 'method' } });
    expect((await fetch(`${byMethod.http}/items`)).status).to.equal(200);
    expect((await fetch(`${byMethod.http}/items`, { method: 'POST' })).status).to.equal(500);
  });

  it('answers a function without concurrency by switch (HR-14)', async () => {
    const { http } = await start(() => ({ kind: 'throttled', reason: 'account' }), '2.0', {
      switches: { lambdaThrottleStatus: 500 },
    });
    expect((await fetch(http)).status).to.equal(500);
  });

  it('appends the client’s address to what X-Forwarded-For says (HA-14)', async () => {
    const { http, invoker } = await start(OK);
    await fetch(http, { headers: { 'x-forwarded-for': '8.8.8.8' } });
    expect(invoker.eventsOf('f')[0]?.headers['x-forwarded-for']).to.equal('8.8.8.8, 127.0.0.1');
    expect(invoker.eventsOf('f')[0]?.requestContext.http).to.include({ sourceIp: '127.0.0.1' });
  });

  it('adds nothing for CORS and hands OPTIONS to the function (HR-13)', async () => {
    const { http, invoker } = await start(OK);
    const response = await fetch(http, { method: 'OPTIONS', headers: { origin: 'http://x' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).to.deep.equal([]);
    expect(invoker.eventsOf('f')[0]?.requestContext.http).to.include({ method: 'OPTIONS' });
  });

  it('survives clients that leave: before the body is whole, and before the answer', async () => {
    const gate = createGate();
    const { http, invoker, log } = await start(async () => {
      await gate.opened;
      return { statusCode: 200, body: 'x'.repeat(1_000_000) };
    });
    const open = async (text: string) => {
      const socket = connect(Number(new URL(http).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    };
    const cut = await open('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    const impatient = await open(request('GET /gone'));
    await until(() => invoker.events.length === 1);
    cut.destroy();
    impatient.destroy();
    await until(() => log.length === 1);
    gate.open();
    await until(() => log.length === 2);
    expect(invoker.events).to.have.length(1);
    expect((await fetch(http)).status).to.equal(200);
  });

  it('does not let a client hold a connection by sending nothing', async () => {
    const { http } = await start(OK, '2.0', { quotas: { headersMs: 50, requestMs: 50 } });
    expect(await rawRequest(http, 'GET / HTTP/1.1\r\nHost: ')).to.match(/^HTTP\/1.1 408 /);
  });

  const unwritable: Record<string, [TestFunction, Parameters<typeof startTestGateway>[2], string[]]> = {
    'a status for too many headers that is none': [
      OK,
      { switches: { headerLimitStatus: 42 } },
      [`X-Large: ${'x'.repeat(11_264)}`],
    ],
    'a status for a throttled function that is none': [
      () => ({ kind: 'throttled', reason: 'account' }),
      { switches: { lambdaThrottleStatus: 7 } },
      [],
    ],
  };
  for (const [what, [f, options, headers]] of Object.entries(unwritable)) {
    it(`survives an answer that cannot be written, and says so: ${what}`, async () => {
      const { http, log } = await start(f, '2.0', options);
      for (let time = 0; time < 2; time++) {
        expect(await rawRequest(http, request('GET /', headers))).to.match(/^HTTP\/1.1 500 /);
      }
      expect(log.at(-1)).to.include({ level: 'error' });
      expect(log.at(-1)?.message).to.match(/^an answer could not be written: RangeError/);
    });
  }

  it('answers every kind of target, whatever it holds', async () => {
    const { http, invoker } = await start(OK);
    const targets = ['//', '/..', '/%00', '/%ff', '//evil.com/x', '/a;b=c', '/?', '/?&&=&%', 'http://x/abs?y', '*'];
    for (const target of targets) {
      expect(await rawRequest(http, request(`GET ${target}`)), target).to.match(/^HTTP\/1.1 200 /);
    }
    expect(invoker.eventsOf('f').map((event) => event.rawPath)).to.deep.equal([
      '//',
      '/..',
      '/\0',
      '/\ufffd',
      '//evil.com/x',
      '/a;b=c',
      '/',
      '/',
      '/abs',
      '/*',
    ]);
  });
});
