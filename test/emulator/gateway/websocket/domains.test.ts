import { request } from 'node:http';
import { expect } from 'chai';
import { createCredentialStore, DEVELOPER_CREDENTIALS } from '../../../../emulator/iam/credentials.ts';
import type { DomainMapping, LambdaFunction, PolicyStatement, WebSocketApi } from '../../../../emulator/stack/stack.ts';
import {
  createStack,
  functionArn,
  openClient,
  startTestGateway,
  stopAll,
  until,
  WS_ARN,
  webSocketApi,
} from '../fixture.ts';
import { signedHeaders } from './sign.ts';

const OWN = 'wsapi12345.execute-api.us-east-1.amazonaws.com';
const UNKNOWN_ID = 'AbCdEfGhIjKlMnO=';

function mapping(domainName: string, mappingKey: string, rest: Partial<DomainMapping> = {}): DomainMapping {
  return { domainName, mappingKey, apiId: 'wsapi12345', stage: 'dev', ...rest };
}

const DOMAINS = [
  mapping('ws.example.com', ''),
  mapping('ws.example.com', 'chat/v1'),
  mapping('*.many.example.com', 'v2'),
  mapping('http.example.com', '', { apiId: 'httpapi123' }),
];

function start(overrides: Partial<WebSocketApi> = {}, options: Parameters<typeof startTestGateway>[2] = {}) {
  const api = webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }, overrides);
  const stack = { ...createStack({ webSocketApi: api }), domains: DOMAINS };
  return startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, options);
}

/** With the credentials of a function whose role has these statements. */
async function startWith(statements: readonly PolicyStatement[]) {
  const poster: LambdaFunction = {
    logicalId: 'Poster',
    name: 'poster',
    arn: functionArn('poster'),
    codeFolder: '/nowhere',
    handler: 'x.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 128,
    environment: {},
    role: { arn: 'arn:aws:iam::123456789012:role/poster-role', statements },
  };
  const stack = { ...createStack({ webSocketApi: webSocketApi({ $connect: 'c' }) }), domains: DOMAINS };
  const test = await startTestGateway({ ...stack, functions: [poster] }, {});
  return { ...test, credentials: createCredentialStore([poster], stack.accountId, 1).ofFunction(poster) };
}

/** The status of a handshake on `path` for `host`: 101 when it opens. */
async function connectTo(websocket: string, host: string, path: string): Promise<number> {
  return openClient(`${new URL(websocket).origin.replace('http', 'ws')}${path}`, [], { host }).then(
    () => 101,
    ({ status }: { status: number }) => status,
  );
}

/** A signed call for a host; fetch would set the Host by itself. */
async function call(
  management: string,
  host: string,
  path: string,
  method = 'POST',
  credentials = DEVELOPER_CREDENTIALS,
) {
  const headers = { ...signedHeaders(`http://${host}${path}`, { method, credentials }), host };
  const { port } = new URL(management);
  return new Promise<{ status: number | undefined; errorType: unknown; body: string }>((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
      let body = '';
      for await (const slice of response) body += slice;
      resolve({ status: response.statusCode, errorType: response.headers['x-amzn-errortype'], body });
    });
    sending.on('error', reject);
    sending.end();
  });
}

describe('WebSocket custom domains', () => {
  afterEach(stopAll);

  it('take the stage from the mapping, by the longest key, and not from the URL (WS-21)', async () => {
    const { websocket, log } = await start();
    expect(await connectTo(websocket, 'ws.example.com', '/')).to.equal(101);
    expect(await connectTo(websocket, 'WS.Example.com:443', '/?token=x')).to.equal(101);
    expect(await connectTo(websocket, 'ws.example.com', '/chat/v1')).to.equal(101);
    expect(await connectTo(websocket, 'ws.example.com', '/chat/v1/')).to.equal(101);
    expect(await connectTo(websocket, 'one.many.example.com', '/v2')).to.equal(101);
    expect(await connectTo(websocket, 'ws.example.com', '/dev')).to.equal(403);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'WS-21' });
    expect(log.at(-1)?.message).to.include('the mapping already holds the stage');
    expect(await connectTo(websocket, 'ws.example.com', '/chat')).to.equal(403);
    expect(await connectTo(websocket, 'one.many.example.com', '/')).to.equal(403);
  });

  it('are what events call domainName, with the stage that they are mapped to (WS-21, MG-16)', async () => {
    const { websocket, invoker } = await start();
    const origin = new URL(websocket).origin.replace('http', 'ws');
    const client = await openClient(`${origin}/chat/v1`, [], { host: 'ws.example.com' });
    client.socket.send('x');
    await until(() => invoker.eventsOf('d').length === 1);
    client.socket.close();
    await until(() => invoker.eventsOf('x').length === 1);
    for (const name of ['c', 'd', 'x']) {
      expect(invoker.eventsOf(name)[0]?.requestContext).to.include({ domainName: 'ws.example.com', stage: 'dev' });
    }
    expect(invoker.eventsOf('x')[0]?.headers).to.include({ Host: 'ws.example.com' });
  });

  it('serve @connections without the stage; with it there is no such route (MG-16)', async () => {
    const { management, log } = await start();
    const id = encodeURIComponent(UNKNOWN_ID);
    expect((await call(management, 'ws.example.com', `/@connections/${id}`)).status).to.equal(410);
    expect((await call(management, 'ws.example.com', `/chat/v1/@connections/${id}`)).status).to.equal(410);
    expect((await call(management, 'a.many.example.com', `/v2/@connections/${id}`)).status).to.equal(410);
    expect(await call(management, 'ws.example.com', `/dev/@connections/${id}`)).to.deep.equal({
      status: 404,
      errorType: 'NotFoundException',
      body: `{"message":"No method found matching route dev/@connections/${UNKNOWN_ID} for http method POST."}`,
    });
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'MG-16' });
    expect(await call(management, 'a.many.example.com', `/@connections/${id}`)).to.deep.include({ status: 403 });
  });

  it('ask IAM for the mapped stage (MG-04, MG-16)', async () => {
    const { management, credentials } = await startWith([
      { effect: 'Allow', actions: ['execute-api:ManageConnections'], resources: [`${WS_ARN}/dev/POST/@connections/*`] },
    ]);
    const path = `/@connections/${encodeURIComponent(UNKNOWN_ID)}`;
    expect((await call(management, 'ws.example.com', path, 'POST', credentials)).status).to.equal(410);
    const { status, body } = await call(management, 'ws.example.com', path, 'GET', credentials);
    expect(status).to.equal(403);
    expect(body).to.include(`${WS_ARN}/dev/GET/@connections/${UNKNOWN_ID}`);
  });

  it('leave loopback names, addresses and the own host to the default endpoint (WS-21)', async () => {
    const { websocket, invoker } = await start();
    const hosts = ['localhost', '127.0.0.1:4001', '[::1]', 'x.localhost:80', '192.168.1.5', OWN, `${OWN}:443`];
    for (const host of hosts) expect(await connectTo(websocket, host, '/dev'), host).to.equal(101);
    expect(new Set(invoker.eventsOf('c').map(({ requestContext }) => requestContext.domainName))).to.deep.equal(
      new Set([OWN]),
    );
  });

  it('are the only way in where the default endpoint is disabled (HR-15)', async () => {
    const { websocket, management, log } = await start({ defaultEndpoint: false });
    expect(await connectTo(websocket, 'localhost', '/dev')).to.equal(403);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'HR-15' });
    expect(await connectTo(websocket, OWN, '/dev')).to.equal(403);
    expect((await call(management, OWN, '/dev/@connections/x')).status).to.equal(403);
    expect(await connectTo(websocket, 'ws.example.com', '/')).to.equal(101);
  });

  it('refuse a host that nobody has, by switch (HR-15)', async () => {
    const { websocket, management } = await start({}, { switches: { unknownHostStatus: 404 } });
    expect(await connectTo(websocket, 'elsewhere.example.com', '/dev')).to.equal(404);
    expect(await connectTo(websocket, 'http.example.com', '/')).to.equal(404);
    expect(await connectTo(websocket, 'a.b.many.example.com', '/v2')).to.equal(404);
    expect((await call(management, 'elsewhere.example.com', '/dev/@connections/x')).status).to.equal(404);
  });
});
