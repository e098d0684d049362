import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { createFrameLimit } from '../../../emulator/gateway/websocket/frame-limit.ts';
import { DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import {
  createGate,
  createStack,
  openClient,
  startTestGateway,
  stopAll,
  type TestFunction,
  until,
  webSocketApi,
} from './fixture.ts';
import { signedFetch, signedHeaders } from './websocket/sign.ts';

const UNKNOWN_ID = 'AbCdEfGhIjKlMnO=';

async function start(
  options: Parameters<typeof startTestGateway>[2] = {},
  connect: TestFunction = () => ({ statusCode: 200 }),
) {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  const test = await startTestGateway(stack, { c: connect }, options);
  const client = new ApiGatewayManagementApiClient({
    endpoint: test.management.replace('localhost', '127.0.0.1'),
    region: 'us-east-1',
    credentials: DEVELOPER_CREDENTIALS,
  });
  const idOf = (index: number) => String(test.invoker.eventsOf('c')[index]?.requestContext.connectionId);
  const urlOf = (id: string) => `${test.management}/@connections/${encodeURIComponent(id)}`;
  return { ...test, client, idOf, urlOf };
}

function post(client: ApiGatewayManagementApiClient, id: string, data: string | Uint8Array) {
  return client.send(new PostToConnectionCommand({ ConnectionId: id, Data: data }));
}

/** A signed POST as it goes over the wire. */
function requestText(url: string): string {
  const { host, pathname } = new URL(url);
  const headers = Object.entries(signedHeaders(url, { method: 'POST' })).map(([name, value]) => `${name}: ${value}`);
  return `${[`POST ${pathname} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 0', ...headers].join('\r\n')}\r\n\r\n`;
}

async function rawConnection(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** The name of the error that a call must end in. */
function errorName(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: Error) => error.name,
  );
}

describe('Management API', () => {
  let warnings: string | undefined;
  before(() => {
    warnings = process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED;
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  });
  after(() => {
    if (warnings === undefined) delete process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED;
  });
  afterEach(stopAll);

  it('delivers a post as a text frame and answers 200 without a body (MG-01, MG-08, MG-15)', async () => {
    const { websocket, client, idOf, urlOf } = await start();
    const receiver = await openClient(websocket);
    const { $metadata } = await post(client, idOf(0), 'grüße');
    expect($metadata.httpStatusCode).to.equal(200);
    expect(await receiver.message()).to.equal('grüße');
    const bare = await signedFetch(urlOf(idOf(0)), { method: 'POST', body: 'again' });
    expect([bare.status, await bare.text()]).to.deep.equal([200, '']);
    expect(await receiver.message()).to.equal('again');
  });

  it('keeps the order of posts awaited one by one (WS-45)', async () => {
    const { websocket, client, idOf } = await start();
    const receiver = await openClient(websocket);
    for (let index = 0; index < 5; index++) await post(client, idOf(0), String(index));
    for (let index = 0; index < 5; index++) expect(await receiver.message()).to.equal(String(index));
  });

  it('delivers 128 KB in frames of at most 32 KB (WS-43)', async () => {
    const { websocket, client, idOf } = await start();
    const receiver = await openClient(websocket);
    const limit = createFrameLimit(32_768, 131_072);
    const broken: unknown[] = [];
    receiver.raw.on('data', (bytes) => broken.push(limit.scan(bytes)));
    const text = 'é'.repeat(65_536);
    await post(client, idOf(0), text);
    expect(await receiver.message()).to.equal(text);
    expect(new Set(broken)).to.deep.equal(new Set([undefined]));
    expect(limit.completeMessages()).to.equal(1);
  });

  it('refuses more than 128 KB with 413 (MG-11)', async () => {
    const { websocket, client, idOf } = await start();
    await openClient(websocket);
    expect(await errorName(post(client, idOf(0), 'x'.repeat(131_073)))).to.equal('PayloadTooLargeException');
    expect((await post(client, idOf(0), 'x'.repeat(131_072))).$metadata.httpStatusCode).to.equal(200);
  });

  it('answers 410 for a connection it does not know, empty, named in the header (MG-06, MG-07)', async () => {
    const { client, urlOf } = await start();
    expect(await errorName(post(client, UNKNOWN_ID, 'x'))).to.equal('GoneException');
    const response = await signedFetch(urlOf(UNKNOWN_ID), { method: 'POST', body: 'x' });
    expect(response.status).to.equal(410);
    expect(response.headers.get('x-amzn-errortype')).to.equal('GoneException');
    expect(await response.text()).to.equal('');
  });

  it('answers 400 for what is no connection id (MG-07)', async () => {
    const { client } = await start();
    expect(await errorName(post(client, 'not-an-id', 'x'))).to.equal('BadRequestException');
  });

  it('answers 410 while $connect still runs, story bug 4 (MG-05)', async () => {
    const gate = createGate();
    const { websocket, client, idOf, invoker } = await start({}, async () => {
      await gate.opened;
      return { statusCode: 200 };
    });
    const opening = openClient(websocket);
    await until(() => invoker.events.length === 1);
    expect(await errorName(post(client, idOf(0), 'x'))).to.equal('GoneException');
    gate.open();
    const receiver = await opening;
    await post(client, idOf(0), 'now');
    expect(await receiver.message()).to.equal('now');
  });

  it('may leave such a post unanswered until $connect ends, by switch (MG-05)', async () => {
    const gate = createGate();
    const test = await start({ switches: { postDuringConnect: 'hang' } }, async () => {
      await gate.opened;
      return { statusCode: 200 };
    });
    const { websocket, management, idOf, urlOf, invoker, log } = test;
    const opening = openClient(websocket);
    await until(() => invoker.events.length === 1);
    const asking = await rawConnection(management);
    // The log tells when the second of two requests on one connection is answered, and so when the first has arrived.
    for (const id of [idOf(0), UNKNOWN_ID]) asking.write(requestText(urlOf(id)));
    await until(() => log.some(({ message }) => message.includes(`${encodeURIComponent(UNKNOWN_ID)} 410`)));
    expect(log.some(({ message }) => message.includes(`${encodeURIComponent(idOf(0))} 410`))).to.equal(false);
    gate.open();
    await opening;
    await until(() => log.some(({ message }) => message.includes(`${encodeURIComponent(idOf(0))} 410`)));
    asking.destroy();
  });

  it('may answer 410 for a while after the 101, by switch (MG-18)', async () => {
    const { websocket, client, idOf, clock } = await start({ switches: { activationDelayMs: 100 } });
    const receiver = await openClient(websocket);
    expect(await errorName(post(client, idOf(0), 'x'))).to.equal('GoneException');
    clock.advance(100);
    await post(client, idOf(0), 'y');
    expect(await receiver.message()).to.equal('y');
  });

  it('answers 410 for a connection that has closed, also inside $disconnect (WS-65)', async () => {
    const { websocket, client, idOf, invoker } = await start();
    const receiver = await openClient(websocket);
    receiver.socket.close();
    await until(() => invoker.eventsOf('x').length === 1);
    expect(await errorName(post(client, idOf(0), 'x'))).to.equal('GoneException');
  });

  it('tells of a connection on GET (MG-09)', async () => {
    const { websocket, client, idOf, clock } = await start();
    await openClient(websocket, [], { 'user-agent': 'ua' });
    clock.advance(1_500);
    await post(client, idOf(0), 'x');
    const { ConnectedAt, LastActiveAt, Identity } = await client.send(
      new GetConnectionCommand({ ConnectionId: idOf(0) }),
    );
    expect(ConnectedAt?.toISOString()).to.equal('2024-02-09T18:11:43.000Z');
    expect(LastActiveAt?.toISOString()).to.equal('2024-02-09T18:11:44.500Z');
    expect(Identity?.SourceIp).to.be.oneOf(['127.0.0.1', '::1']);
    expect(Identity?.UserAgent).to.equal('ua');
  });

  it('closes on DELETE with 204, then 410, and $disconnect follows (MG-10, WS-62, WS-63)', async () => {
    const { websocket, client, idOf, invoker } = await start();
    const receiver = await openClient(websocket);
    const { $metadata } = await client.send(new DeleteConnectionCommand({ ConnectionId: idOf(0) }));
    expect($metadata.httpStatusCode).to.equal(204);
    expect(await errorName(client.send(new GetConnectionCommand({ ConnectionId: idOf(0) })))).to.equal('GoneException');
    expect((await receiver.closed).code).to.equal(1000);
    await until(() => invoker.eventsOf('x').length === 1);
    expect(invoker.eventsOf('x')[0]?.requestContext).to.include({
      disconnectStatusCode: 1000,
      disconnectReason: 'Connection Closed Normally',
    });
  });

  it('drops a client that does not answer its close frame', async () => {
    const { websocket, client, idOf, invoker, clock } = await start();
    const receiver = await openClient(websocket);
    receiver.raw.pause();
    await client.send(new DeleteConnectionCommand({ ConnectionId: idOf(0) }));
    clock.advance(2_000);
    await until(() => invoker.eventsOf('x').length === 1);
  });

  it('answers 429 when the client does not read (MG-12)', async () => {
    const { websocket, urlOf, idOf } = await start({ quotas: { clientBufferBytes: 200_000 } });
    const receiver = await openClient(websocket);
    receiver.socket.pause();
    let last = 200;
    for (let index = 0; index < 200 && last === 200; index++) {
      last = (await signedFetch(urlOf(idOf(0)), { method: 'POST', body: 'x'.repeat(131_072) })).status;
    }
    expect(last).to.equal(429);
  });

  it('forbids a path without the stage (MG-02)', async () => {
    const { management, urlOf } = await start();
    const url = urlOf(UNKNOWN_ID).replace('/dev/', '/');
    const response = await signedFetch(url, { method: 'POST', body: 'x' });
    expect([response.status, await response.text()]).to.deep.equal([403, '{"message":"Forbidden"}']);
    expect(response.headers.get('x-amzn-errortype')).to.equal('ForbiddenException');
    expect((await signedFetch(`${management}/other`, { method: 'POST' })).status).to.equal(403);
  });

  it('leaves one line a call that says what AWS would have answered, and where to look', async () => {
    const { websocket, management, log, idOf, urlOf } = await start();
    await openClient(websocket);
    const url = urlOf(idOf(0));
    const calls: [() => Promise<Response>, string, string][] = [
      [() => signedFetch(url, { method: 'POST', body: 'x' }), 'MG-08', `POST ${new URL(url).pathname} 200 in 0 ms`],
      [() => signedFetch(url), 'MG-09', '200'],
      [() => signedFetch(urlOf(UNKNOWN_ID)), 'MG-06', '410 GoneException in 0 ms: no such connection'],
      [() => signedFetch(urlOf('x')), 'MG-07', 'ids are 16 characters'],
      [() => signedFetch(url, { method: 'POST', body: 'x'.repeat(131_073) }), 'MG-11', 'as several posts'],
      [() => fetch(url), 'MG-03', 'Missing Authentication Token. Sign for execute-api'],
      [() => signedFetch(url.replace('/dev/', '/')), 'MG-02', 'the only one is /dev'],
      [() => signedFetch(`${management}/@connections`), 'MG-07', 'ids are 16 characters'],
      [() => signedFetch(url, { method: 'DELETE' }), 'MG-10', '$disconnect follows'],
    ];
    for (const [call, behaviour, words] of calls) {
      const before = log.length;
      await (await call()).arrayBuffer();
      const [entry] = log.slice(before);
      expect(entry?.behaviour, words).to.equal(behaviour);
      expect(entry?.message).to.include(words);
    }
    expect(log.some(({ message }) => message.includes('Signature='))).to.equal(false);
  });

  it('asks a plain GET to upgrade (WS-19)', async () => {
    const { management } = await start();
    expect((await fetch(management)).status).to.equal(426);
  });

  it('takes an @ that is escaped, as boto sends it (MG-01)', async () => {
    const { urlOf } = await start();
    const url = urlOf(UNKNOWN_ID).replace('@', '%40');
    expect((await signedFetch(url)).status).to.equal(410);
  });

  it('survives a client that leaves in mid-body', async () => {
    const { management, urlOf } = await start();
    const socket = connect(Number(new URL(management).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end(
      `POST ${new URL(urlOf(UNKNOWN_ID)).pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\nContent-Length: 10\r\n\r\nabc`,
    );
    socket.resume();
    await once(socket, 'close');
    expect((await fetch(management)).status).to.equal(426);
  });
});
