import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { openClient, stopAll } from '../emulator/gateway/fixture.ts';
import { startService, stopServices } from './service.ts';

describe('services in the shape of well-known ones', () => {
  afterEach(async () => {
    await stopAll();
    await stopServices();
  });

  it('a chat: what one says reaches everybody, and who left is forgotten', async () => {
    const { emulator, log } = await startService('chat');
    const url = emulator.urls.websocket ?? '';
    const [ada, bob, left] = [await openClient(url), await openClient(url), await openClient(url)];
    left.socket.close();
    await left.closed;

    ada.socket.send(JSON.stringify({ message: 'sendmessage', data: 'hello' }));
    expect(await bob.message()).to.equal('hello');
    expect(await ada.message()).to.equal('hello');

    bob.socket.send(JSON.stringify({ message: 'sing', data: 'la' }));
    expect(await bob.message()).to.match(/^\{"message": "Forbidden", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/);
    expect(log.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('an HTTP API with a JWT authorizer: open, with a token, and with a scope', async () => {
    const issuer = await startIssuer();
    try {
      const { emulator } = await startService('jwt-api', { variables: { POSTERN_FIXTURE_ISSUER: issuer.url } });
      const ask = async (path: string, token?: string, init: RequestInit = {}) => {
        const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const response = await fetch(emulator.urls.http + path, { ...init, headers });
        return [response.status, await response.text()] as const;
      };

      expect(await ask('/status')).to.deep.equal([200, 'up']);
      expect(await ask('/notes')).to.deep.equal([401, '{"message":"Unauthorized"}']);
      expect(await ask('/notes', await issuer.token({ audience: 'other' }))).to.deep.equal([
        401,
        '{"message":"Unauthorized"}',
      ]);
      expect(await ask('/notes', await issuer.token())).to.deep.equal([200, '{"owner":"ada","notes":[]}']);
      const put = { method: 'PUT', body: 'buy milk' };
      expect(await ask('/notes/1', await issuer.token(), put)).to.deep.equal([403, '{"message":"Forbidden"}']);
      const writer = await issuer.token({ scope: 'notes.read notes.write' });
      expect((await ask('/notes/1', writer, put))[0]).to.equal(201);
    } finally {
      await issuer.stop();
    }
  });

  it('custom routes with route responses, and without', async () => {
    const { emulator } = await startService('calculator');
    const client = await openClient(emulator.urls.websocket ?? '');

    client.socket.send('{"operation":"quiet"}');
    client.socket.send('{"operation":"add","operands":[2,3]}');
    expect(await client.message()).to.equal('5');
    client.socket.send('{"operation":"multiply","operands":[2,3]}');
    expect(await client.message()).to.equal('6');
    client.socket.send('what?');
    expect(await client.message()).to.equal('$default: say {"operation":"add","operands":[1,2]}');
  });
});

/** An issuer of tokens on this machine. */
async function startIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const server: Server = createServer((request, response) => {
    const keys = request.url === '/keys';
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(keys ? { keys: [key] } : { issuer: url, jwks_uri: `${url}/keys` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    token: ({ audience = 'notes', scope = '' } = {}) =>
      new SignJWT({ scope })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject('ada')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
