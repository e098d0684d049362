import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebSocketServer } from 'ws';
import { createCertificate } from '../../../emulator/certificate.ts';
import { startFunction, stopAll } from './fixture.ts';

const HOST = 'abc123.execute-api.eu-central-1.amazonaws.com';
const MODULES = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** Tells each caller what it has sent, by HTTP and by WebSocket. */
async function listen(server: Server): Promise<number> {
  server.on('request', async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    const body = Buffer.concat(parts).toString();
    response.end(JSON.stringify({ method, url, host: headers.host, custom: headers['x-custom'], body }));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { headers }) => socket.send(`hello ${headers.host}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const seen = { method: 'POST', url: '/dev/@connections/a%3D?x=1', host: HOST, custom: 'yes', body: 'hello' };
const url = `https://${HOST}/dev/@connections/a%3D?x=1`;
const options = `{ method: 'POST', hostname: '${HOST}', path: '/dev/@connections/a%3D?x=1', headers: { 'x-custom': 'yes' } }`;
const init = `{ method: 'POST', body: 'hello', headers: { 'x-custom': 'yes' } }`;
const sendAndRead = `
  const response = await new Promise((resolve, reject) => { request.on('response', resolve).on('error', reject).end('hello') });
  let t = ''; for await (const part of response) t += part;
  return JSON.parse(t);`;
const greeted = `return new Promise((resolve, reject) => {
  socket.onmessage = ({ data }) => { resolve(data); socket.close(); };
  socket.onerror = ({ error, message }) => reject(error ?? new Error(message)); });`;

const WAYS: [what: string, body: string, expected: unknown][] = [
  ['https.request with options', `const request = require('https').request(${options}); ${sendAndRead}`, seen],
  [
    'https.request with an agent and a URL',
    `const https = require('node:https');
     const request = https.request('${url}', { method: 'POST', agent: new https.Agent({ keepAlive: true }), headers: { 'x-custom': 'yes' } });
     ${sendAndRead}`,
    seen,
  ],
  ['fetch with a URL', `return (await fetch('${url}', ${init})).json();`, seen],
  ['fetch with a Request', `return (await fetch(new Request('${url}', ${init}))).json();`, seen],
  ['ws', `const socket = new (require('${MODULES}ws'))('wss://${HOST}/dev'); ${greeted}`, `hello ${HOST}`],
  [
    "undici's WebSocket, which is Node's own from 22 on",
    `const socket = new (require('${MODULES}undici').WebSocket)('wss://${HOST}/dev'); ${greeted}`,
    `hello ${HOST}`,
  ],
];

describe('the network of a function', () => {
  const servers: Server[] = [];
  let plain: string;
  let tls: string;
  let certificate: string;

  before(async () => {
    const identity = await createCertificate([HOST], Date.now());
    certificate = identity.cert;
    servers.push(createServer(), createTlsServer(identity));
    const [plainServer, tlsServer] = servers as [Server, Server];
    plain = `http://localhost:${await listen(plainServer)}`;
    tls = `https://localhost:${await listen(tlsServer)}`;
  });
  after(() => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
  afterEach(stopAll);

  for (const [what, body, expected] of WAYS) {
    it(`finds the stack's own API in the emulator, by ${what}`, async () => {
      const { call } = startFunction(`exports.handler = async () => { ${body} };`, {
        origins: new Map([[HOST, plain]]),
      });
      expect(await call()).to.deep.equal(expected);
    });

    it(`finds it where it speaks TLS with the emulator's certificate, by ${what}`, async () => {
      const { call } = startFunction(`exports.handler = async () => { ${body} };`, {
        origins: new Map([[HOST, tls]]),
        certificate,
      });
      expect(await call()).to.deep.equal(expected);
    });
  }

  it('trusts that certificate and no other', async () => {
    const { cert: other } = await createCertificate([HOST], Date.now());
    const { call } = startFunction(
      `exports.handler = () => fetch('https://${HOST}/').catch(({ cause }) => cause.code);`,
      {
        origins: new Map([[HOST, tls]]),
        certificate: other,
      },
    );
    expect(await call()).to.be.oneOf(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE']);
  });

  it('finds it by a name of a wildcard domain', async () => {
    const { call } = startFunction(
      "exports.handler = async () => (await fetch('https://mine.tunnel.example.com/x')).json();",
      {
        origins: new Map([['*.tunnel.example.com', plain]]),
      },
    );
    expect(await call()).to.include({ host: 'mine.tunnel.example.com', url: '/x' });
  });

  it('keeps connections, as the SDK does', async () => {
    const { call } = startFunction(
      `const https = require('https');
       const agent = new https.Agent({ keepAlive: true });
       let sockets = new Set();
       exports.handler = () => new Promise((resolve, reject) =>
         https.get('https://${HOST}/', { agent }, (response) => {
           sockets.add(response.socket);
           response.resume().on('end', () => resolve(sockets.size));
         }).on('error', reject));`,
      { origins: new Map([[HOST, plain]]) },
    );
    expect(await call()).to.equal(1);
    expect(await call()).to.equal(1);
  });

  it('finds it with a callback and from a module that imports names', async () => {
    const { call } = startFunction('', {
      fn: { handler: 'mod.handler' },
      files: {
        'mod.mjs': `import { get } from 'node:https';
          export const handler = () => new Promise((resolve) => get('https://${HOST}/x', (response) => resolve(response.statusCode)));`,
      },
      origins: new Map([[HOST, plain]]),
    });
    expect(await call()).to.equal(200);
  });

  it('leaves every other host alone', async () => {
    const { call } = startFunction(`exports.handler = async () => (await fetch('${plain}/other')).json();`, {
      origins: new Map([[HOST, 'http://localhost:1']]),
    });
    expect(await call()).to.include({ url: '/other', method: 'GET' });
  });

  const silent: [what: string, body: string][] = [
    ['http.request', `await new Promise(() => require('http').get('http://${HOST}/dev').on('error', () => {}))`],
    ['fetch of http:', `await fetch('http://${HOST}/dev')`],
    ['ws:', `await new Promise(() => new (require('${MODULES}ws'))('ws://${HOST}/dev').on('error', () => {}))`],
    [
      'the SDK with a wss: endpoint',
      `const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
       const client = new ApiGatewayManagementApiClient({ endpoint: 'wss://${HOST}/dev' });
       await client.send(new PostToConnectionCommand({ ConnectionId: 'a=', Data: 'x' }))`,
    ],
  ];
  for (const [what, body] of silent) {
    it(`meets silence at port 80, and says so, by ${what} (MG-14)`, async () => {
      const { call, log } = startFunction(`exports.handler = async () => { ${body}; return 'answered' };`, {
        origins: new Map([[HOST, plain]]),
        fn: { timeoutMs: 1_000 },
      });
      expect(await call()).to.include({ errorType: 'Sandbox.Timedout' });
      const warnings = log.filter(({ behaviour }) => behaviour === 'MG-14');
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include({ level: 'warn', source: 'lambda' });
      expect(warnings[0]?.message).to.match(/^the function shop-dev-app speaks plain HTTP to port 80 of abc123\.\S+ /);
      expect(warnings[0]?.message).to.match(/use https:$/);
    });
  }

  it('is cut off where it speaks plain HTTP to port 443 (MG-14)', async () => {
    const { call } = startFunction(
      `exports.handler = () => new Promise((resolve) => require('http').get('http://${HOST}:443/').on('error', ({ code }) => resolve(code)));`,
      { origins: new Map([[HOST, plain]]) },
    );
    expect(await call()).to.equal('ECONNRESET');
  });
});
