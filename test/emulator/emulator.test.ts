import { once } from 'node:events';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import WebSocket from 'ws';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { EmulatorError } from '../../emulator/stack/emulator-error.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import type { Stack } from '../../emulator/stack/stack.ts';
import { freePort } from '../support/free-port.ts';
import { api, FUNCTION, load, removeFolders } from './template/fixture.ts';

const ANY = { http: 0, websocket: 0, lambda: 0, dynamodb: 0 };

const CODE = `
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
exports.handler = async (event) => {
  const { eventType, connectionId, domainName, stage } = event.requestContext ?? {};
  if (eventType === 'MESSAGE') {
    const client = new ApiGatewayManagementApiClient({ endpoint: 'https://' + domainName + '/' + stage });
    await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'you said ' + event.body }));
  }
  return { statusCode: 200, body: JSON.stringify({ ...process.env, event: JSON.stringify(event) }) };
};`;

/** The body of an answer by TLS, trusting one certificate. */
function getTrusting(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { ca }, async (response) => {
      let text = '';
      for await (const slice of response.setEncoding('utf8')) text += slice;
      resolve(text);
    }).on('error', reject);
  });
}

/** A stack with both APIs, one function behind all of it, and a table. */
function twoApis(): Stack {
  const prefixed = (prefix: string, resources: object) =>
    JSON.parse(JSON.stringify(resources).replace(/"(Api|Integration|Route|Stage)"/g, `"${prefix}$1"`));
  const resources = {
    ...prefixed('Http', api('HTTP', '$default')),
    ...prefixed('Ws', api('WEBSOCKET', '$default')),
    Allowed: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'App' },
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
      },
    },
    Things: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      },
    },
    App: {
      ...FUNCTION,
      Properties: {
        ...FUNCTION.Properties,
        Handler: 'index.handler',
        Code: { ZipFile: CODE },
        Environment: {
          Variables: {
            WS: { 'Fn::Sub': '${WsApi.ApiEndpoint}/dev' },
            MANAGEMENT: { 'Fn::Sub': 'https://${WsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev' },
            HTTP: { 'Fn::Sub': '${HttpApi.ApiEndpoint},https://elsewhere.example' },
            COLOUR: 'blue',
          },
        },
      },
    },
  };
  return load(resources);
}

describe('startEmulator', () => {
  const leftovers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of leftovers.splice(0).reverse()) await stop();
    removeFolders();
  });

  async function start(stack: Stack, options: EmulatorOptions = {}): Promise<Emulator> {
    const emulator = await startEmulator(stack, { ports: ANY, ...options });
    leftovers.push(() => emulator.stop());
    return emulator;
  }

  async function takePort(): Promise<number> {
    const server: Server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    leftovers.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it('gives functions the local public addresses in place of those in AWS, and the extra variables', async () => {
    const { urls } = await start(twoApis(), { environment: { COLOUR: 'red' } });
    const environment = (await (await fetch(`${urls.http}/dev/x`)).json()) as Record<string, string>;
    // What leads to the WebSocket API stays as in AWS: it is led here when it is asked for (MG-14).
    expect(environment.WS).to.match(/^wss:\/\/[a-z0-9]+\.execute-api\./);
    expect(environment).to.include({
      HTTP: `${urls.http},https://elsewhere.example`,
      AWS_ENDPOINT_URL_DYNAMODB: urls.dynamodb,
      COLOUR: 'red',
    });
  });

  it("leads a function that builds its API's address from the event back to the emulator", async () => {
    const { urls } = await start(twoApis());
    const socket = new WebSocket(urls.websocket ?? '');
    leftovers.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send('hello');
    const [data] = await once(socket, 'message');
    expect(String(data)).to.equal('you said hello');
  });

  it("answers Lambda's Invoke API and DynamoDB", async () => {
    const { urls } = await start(twoApis());
    const invoked = await fetch(`${urls.lambda}/2015-03-31/functions/shop-dev-app/invocations`, {
      method: 'POST',
      body: '{"n":1}',
    });
    expect(JSON.parse(((await invoked.json()) as { body: string }).body).event).to.equal('{"n":1}');
    expect((await fetch(urls.dynamodb ?? '')).status).to.equal(200);
  });

  it('starts only what the stack has something behind', async () => {
    const { urls } = await start(load({ App: FUNCTION }));
    expect(Object.keys(urls)).to.deep.equal(['lambda']);
  });

  for (const name of ['http', 'websocket', 'lambda', 'dynamodb'] as const) {
    it(`says which port is taken (${name}), and leaves nothing running`, async () => {
      const ports = { http: 0, websocket: 0, lambda: 0, dynamodb: 0, [name]: await takePort() };
      const stack = twoApis();
      const error = await startEmulator(stack, { ports }).catch((reason) => reason);
      expect(error).to.be.instanceOf(EmulatorError);
      expect(error.code).to.equal('PORT_TAKEN');
      expect(error.cause).to.equal(`Port ${ports[name]} (${name}) is taken by another process.`);
    });
  }

  it('refuses a function whose handler does not load, by its logical id, and leaves nothing running', async () => {
    const stack = twoApis();
    const functions = stack.functions.map((fn) => ({ ...fn, handler: fn.handler.replace(/\.\w+$/, '.nothere') }));
    const port = await freePort();
    const failed = await startEmulator({ ...stack, functions }, { ports: { ...ANY, http: port } }).catch((e) => e);
    expect(failed).to.have.property('code', 'HANDLER_UNLOADABLE');
    expect(failed.cause).to.match(/^App: the handler \S+\.nothere does not load: Runtime\.HandlerNotFound/);
    expect((await start(stack, { ports: { ...ANY, http: port } })).urls.http).to.equal(`http://localhost:${port}`);
  });

  it('frees every port, also when it fails half-way', async () => {
    const stack = twoApis();
    const first = await start(stack);
    const portOf = (url = '') => Number(new URL(url).port);
    const { http, websocket, lambda, dynamodb } = first.urls;
    const ports = {
      http: portOf(http),
      websocket: portOf(websocket),
      lambda: portOf(lambda),
      dynamodb: portOf(dynamodb),
    };
    await first.stop();
    const failed = await startEmulator(stack, { ports: { ...ports, lambda: await takePort() } }).catch((e) => e);
    expect(failed).to.have.property('code', 'PORT_TAKEN');
    const again = await start(stack, { ports });
    expect(again.urls).to.deep.equal(first.urls);
  });

  it('takes the next free port where it may search', async () => {
    const taken = await takePort();
    const ports = { http: taken, websocket: taken, lambda: taken, dynamodb: taken };
    const { urls } = await start(twoApis(), { ports, portSearch: true });
    const used = [urls.http, urls.websocket, urls.lambda, urls.dynamodb].map((url = '') => Number(new URL(url).port));
    expect(new Set([taken, ...used]).size, 'all different').to.equal(5);
    for (const port of used) expect(port).to.be.within(taken + 1, taken + 100);
  });

  it('speaks TLS and nothing else where told to, trusted by its functions (MG-14)', async () => {
    const { urls, certificate } = await start(twoApis(), { tls: true });
    expect(urls.http).to.match(/^https:\/\/localhost:\d+$/);
    const environment = JSON.parse(await getTrusting(`${urls.http}/dev/x`, certificate ?? ''));
    expect(environment.HTTP).to.match(/^https:\/\/localhost:/);

    const socket = new WebSocket(urls.websocket ?? '', { ca: certificate });
    leftovers.push(() => socket.terminate());
    await once(socket, 'open');
    socket.send('hello');
    const [data] = await once(socket, 'message');
    expect(String(data)).to.equal('you said hello');

    const inClear = urls.http?.replace('https:', 'http:') ?? '';
    expect(await fetch(inClear).catch(() => 'no answer in clear')).to.equal('no answer in clear');
  });

  it('runs twice in one process without either seeing the other', async () => {
    const [one, two] = [await start(twoApis(), { seed: 1 }), await start(twoApis(), { seed: 1 })];
    const socket = new WebSocket(one.urls.websocket ?? '');
    leftovers.push(() => socket.terminate());
    await once(socket, 'open');
    await two.stop();
    socket.send('still here');
    const [data] = await once(socket, 'message');
    expect(String(data)).to.equal('you said still here');
    expect(await fetch(two.urls.http ?? '').catch(() => 'gone')).to.equal('gone');
  });

  it('takes new code while connections stay open, and says what needs a new start', async () => {
    const stack = twoApis();
    const emulator = await start(stack);
    const socket = new WebSocket(emulator.urls.websocket ?? '');
    leftovers.push(() => socket.terminate());
    await once(socket, 'open');

    const functions = stack.functions.map((fn) => ({ ...fn, environment: { COLOUR: 'green' } }));
    expect(await emulator.reload(stack)).to.deep.equal({ kind: 'reloaded', functions: [] });
    expect(await emulator.reload({ ...stack, functions })).to.deep.equal({
      kind: 'reloaded',
      functions: ['shop-dev-app'],
    });
    const environment = (await (await fetch(`${emulator.urls.http}/dev/x`)).json()) as Record<string, string>;
    expect(environment.COLOUR).to.equal('green');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).to.equal('you said hello');

    expect(await emulator.reload({ ...stack, functions, permissions: [] })).to.deep.equal({
      kind: 'restart-needed',
      parts: ['permissions'],
    });
    const broken = functions.map((fn) => ({ ...fn, handler: 'nowhere.handler' }));
    expect(await emulator.reload({ ...stack, functions: broken })).to.have.property('kind', 'unloadable');
    expect((await fetch(`${emulator.urls.http}/dev/x`)).status).to.equal(200);
  });

  it('logs the seed it drew, so that a run can be repeated', async () => {
    const log: LogEntry[] = [];
    await start(load({ App: FUNCTION }), { seed: 42, log: (entry) => log.push(entry) });
    expect(log).to.deep.include({ level: 'info', source: 'emulator', message: 'seed 42' });
  });
});
