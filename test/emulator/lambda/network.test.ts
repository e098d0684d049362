import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startFunction, stopAll } from './fixture.ts';

const HOST = 'abc123.execute-api.eu-central-1.amazonaws.com';

describe('the network of a function', () => {
  let server: Server;
  let origin: string;

  before(async () => {
    server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      const { method, url, headers } = request;
      const seen = {
        method,
        url,
        host: headers.host,
        custom: headers['x-custom'],
        body: Buffer.concat(parts).toString(),
      };
      response.end(JSON.stringify(seen));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  afterEach(stopAll);

  const seen = { method: 'POST', url: '/dev/@connections/a%3D?x=1', custom: 'yes', body: 'hello' };
  const read = 'let t = ""; for await (const part of response) t += part; return JSON.parse(t);';
  const options = `{ method: 'POST', hostname: '${HOST}', path: '/dev/@connections/a%3D?x=1', headers: { 'x-custom': 'yes' } }`;
  const url = `https://${HOST}/dev/@connections/a%3D?x=1`;
  const sendAndRead = `const response = await new Promise((resolve, reject) => { request.on('response', resolve).on('error', reject).end('hello') }); ${read}`;

  const ways: [what: string, body: string][] = [
    ['https.request with options', `const request = require('https').request(${options}); ${sendAndRead}`],
    [
      'https.request with an agent and a URL',
      `const https = require('node:https'); const request = https.request('${url}', { method: 'POST', agent: new https.Agent(), headers: { 'x-custom': 'yes' } }); ${sendAndRead}`,
    ],
    ['http.request', `const request = require('http').request(${options}); ${sendAndRead}`],
    [
      'fetch with a URL',
      `return (await fetch('${url}', { method: 'POST', body: 'hello', headers: { 'x-custom': 'yes' } })).json();`,
    ],
    [
      'fetch with a Request',
      `return (await fetch(new Request('${url}', { method: 'POST', body: 'hello', headers: { 'x-custom': 'yes' } }))).json();`,
    ],
  ];
  for (const [what, body] of ways) {
    it(`finds the stack's own API in the emulator, by ${what}`, async () => {
      const { call } = startFunction(`exports.handler = async () => { ${body} };`, {
        origins: new Map([[HOST, origin]]),
      });
      const host = what.startsWith('fetch') ? `${HOST}:${new URL(origin).port}` : HOST;
      expect(await call()).to.deep.equal({ ...seen, host });
    });
  }

  it('finds it with a callback and from a module that imports names', async () => {
    const { call } = startFunction('', {
      fn: { handler: 'mod.handler' },
      files: {
        'mod.mjs': `import { get } from 'node:https';
          export const handler = () => new Promise((resolve) => get('https://${HOST}/x', (response) => resolve(response.statusCode)));`,
      },
      origins: new Map([[HOST, origin]]),
    });
    expect(await call()).to.equal(200);
  });

  it('leaves every other host alone', async () => {
    const { call } = startFunction(`exports.handler = async () => (await fetch('${origin}/other')).json();`, {
      origins: new Map([[HOST, 'http://localhost:1']]),
    });
    expect(await call()).to.include({ url: '/other', method: 'GET' });
  });
});
