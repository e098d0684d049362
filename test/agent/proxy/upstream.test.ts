import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { generate } from 'selfsigned';
import type { ForwardRequest, ForwardResult } from '../../../agent/forward.ts';
import type { HostHeader } from '../../../agent/proxy/forwarded-headers.ts';
import { createUpstream } from '../../../agent/proxy/upstream.ts';
import { parseUpstream } from '../../../agent/proxy/upstream-address.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';
import { useCleanup } from '../support/cleanup.ts';
import { startHttpUpstream, startRawUpstream } from '../support/http-upstream.ts';

interface Answer {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
}

describe('upstream', () => {
  const cleanup = useCleanup();

  function connect(where: string | number, hostHeader: HostHeader = { kind: 'preserve' }) {
    const parsed = parseUpstream(String(where));
    if (parsed.kind !== 'address') throw new Error(parsed.problem);
    const upstream = createUpstream(parsed.address, hostHeader);
    cleanup(() => upstream.close());
    return (request: Partial<ForwardRequest> = {}, signal = new AbortController().signal) =>
      upstream.forward({ method: 'GET', uri: '/', headers: [], body: new Uint8Array(0), ...request }, signal);
  }

  async function serve(listener: RequestListener) {
    const { port, stop } = await startHttpUpstream(listener);
    cleanup(stop);
    return connect(`127.0.0.1:${port}`);
  }

  async function serveRaw(...args: Parameters<typeof startRawUpstream>) {
    const { port, stop } = await startRawUpstream(...args);
    cleanup(stop);
    return connect(`127.0.0.1:${port}`);
  }

  async function read(result: Promise<ForwardResult>): Promise<Answer> {
    const answered = await result;
    if (answered.kind === 'failed') throw new Error(`${answered.code}: ${answered.message}`);
    const pieces: Uint8Array[] = [];
    for await (const piece of answered.body) pieces.push(piece);
    return { status: answered.status, headers: answered.headers, body: Buffer.concat(pieces) };
  }

  describe('the request', () => {
    it('keeps path and query byte for byte', async () => {
      const forward = await serve(({ url }, response) => response.end(url));
      for (const uri of ['/', '//', '/a/../b', '/a//b/./c', '/%2e%2E/%2f?x=%20&x=+&y', '/?', '/a?b?c#'])
        expect((await read(forward({ uri }))).body.toString('utf8')).to.equal(uri);
    });

    it('keeps method, header order and repeats, and body bytes', async () => {
      const seen: { request?: IncomingMessage; body?: Buffer } = {};
      const forward = await serve(async (request, response) => {
        const pieces: Buffer[] = [];
        for await (const piece of request) pieces.push(piece);
        Object.assign(seen, { request, body: Buffer.concat(pieces) });
        response.end();
      });
      const body = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
      const headers: HeaderPair[] = [
        ['Host', 'abc.example'],
        ['X-B', '1'],
        ['x-a', 'é'],
        ['X-B', '2'],
        ['Content-Length', '999'],
        ['Expect', '100-continue'],
        ['Transfer-Encoding', 'chunked'],
      ];
      await read(forward({ method: 'PATCH', headers, body }));
      expect(seen.request?.method).to.equal('PATCH');
      expect(seen.body?.equals(body)).to.equal(true);
      expect(seen.request?.rawHeaders).to.deep.equal([
        ...['host', 'abc.example'],
        ...['X-B', '1', 'x-a', 'é', 'X-B', '2'],
        ...['connection', 'keep-alive', 'content-length', '256'],
      ]);
    });

    it('gives a GET without a body no content-length', async () => {
      const forward = await serve(({ headers }, response) => response.end(String(headers['content-length'])));
      expect((await read(forward())).body.toString()).to.equal('undefined');
      expect((await read(forward({ method: 'POST' }))).body.toString()).to.equal('0');
      expect((await read(forward({ method: 'PURGE' }))).body.toString()).to.equal('0');
      expect((await read(forward({ method: 'DELETE' }))).body.toString()).to.equal('undefined');
      expect((await read(forward({ method: 'DELETE', body: Buffer.from('x') }))).body.toString()).to.equal('1');
    });

    it('takes any method that is a token', async () => {
      const heads: string[] = [];
      const forward = await serveRaw((socket, head) => {
        heads.push(head.split('\r\n', 1)[0] ?? '');
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
      for (const method of ['BREW', 'QUERY', 'M-SEARCH']) await read(forward({ method }));
      expect(heads).to.deep.equal(['BREW / HTTP/1.1', 'QUERY / HTTP/1.1', 'M-SEARCH / HTTP/1.1']);
    });

    for (const [what, request] of [
      ['CONNECT', { method: 'CONNECT' }],
      ['a header with a line break', { headers: [['x', 'a\r\nb: c']] }],
      ['a header name with a space', { headers: [['x y', 'a']] }],
      ['a path with a line break', { uri: '/a b\r\n' }],
    ] as const) {
      it(`refuses ${what}`, async () => {
        const forward = await serve((_request, response) => response.end());
        expect(await forward(request)).to.deep.include({ kind: 'failed', code: 'invalid_request' });
      });
    }
  });

  describe('the answer', () => {
    it('has its headers as they came, several set-cookie too', async () => {
      const forward = await serveRaw((socket) =>
        socket.end(
          'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Latin: \xe9\r\nset-cookie: b=2\r\nKeep-Alive: timeout=5\r\n' +
            'X-Hop: 1\r\nConnection: close, x-hop\r\nContent-Length: 2\r\n\r\nhi',
          'latin1',
        ),
      );
      const { headers, body } = await read(forward());
      expect(headers).to.deep.equal([
        ['Set-Cookie', 'a=1'],
        ['X-Latin', 'é'],
        ['Set-Cookie', 'b=2'],
        ['Content-Length', '2'],
      ]);
      expect(body.toString()).to.equal('hi');
    });

    it('is had at once where it came whole, once and no longer than is asked for', async () => {
      const ports = new Set<number | undefined>();
      const forward = await serve(({ url, socket }, response) => {
        ports.add(socket.remotePort);
        response.end(url === '/empty' ? '' : 'small');
      });
      const give = async (limitBytes: number, uri = '/') => {
        const abort = new AbortController();
        const answered = await forward({ uri }, abort.signal);
        if (answered.kind !== 'answered') throw new Error(answered.message);
        const whole = answered.whole?.(limitBytes);
        if (!whole) return (await read(Promise.resolve(answered))).body.length;
        // Too late: the connection has been given back by then.
        abort.abort();
        await new Promise(setImmediate);
        return Buffer.from(whole).toString();
      };
      expect(await give(5)).to.equal('small');
      expect(await give(0, '/empty')).to.equal('');
      expect(await give(4), 'read as it comes').to.equal(5);
      expect([...ports]).to.have.length(1);
    });

    it('is not had at once while some of it is to come', async () => {
      let rest = () => {};
      const forward = await serve((_request, response) => {
        response.writeHead(200, { 'content-length': 4 }).write('ha');
        rest = () => response.end('lf');
      });
      const answered = await forward();
      if (answered.kind !== 'answered') throw new Error(answered.message);
      expect(answered.whole?.(100)).to.equal(undefined);
      rest();
      expect((await read(Promise.resolve(answered))).body.toString()).to.equal('half');
    });

    it('is not decoded', async () => {
      const zipped = gzipSync('hello');
      const forward = await serve((_request, response) => {
        response.setHeader('content-encoding', 'gzip').end(zipped);
      });
      expect((await read(forward())).body.equals(zipped)).to.equal(true);
    });

    it('is joined where it comes in chunks', async () => {
      const forward = await serve((_request, response) => {
        for (const piece of ['a', 'b', 'c']) response.write(piece);
        response.end();
      });
      const { headers, body } = await read(forward());
      expect(body.toString()).to.equal('abc');
      expect(headers.map(([name]) => name.toLowerCase())).not.to.include('transfer-encoding');
    });

    for (const status of [301, 302, 307, 308]) {
      it(`is a redirect that is not followed: ${status}`, async () => {
        const forward = await serve(({ url }, response) => {
          if (url === '/') response.writeHead(status, { location: '/next' }).end();
          else response.end('followed');
        });
        const answer = await read(forward());
        expect(answer.status).to.equal(status);
        expect(answer.headers).to.deep.include(['location', '/next']);
      });
    }

    it('may have no body: 204, 304, HEAD', async () => {
      const forward = await serve(({ url }, response) => {
        response
          .writeHead(Number(url?.slice(1)), { 'x-a': 'b', ...(url === '/200' && { 'content-length': 99 }) })
          .end();
      });
      for (const [method, status] of [
        ['GET', 204],
        ['GET', 304],
        ['HEAD', 200],
      ] as const) {
        const answer = await read(forward({ method, uri: `/${status}` }));
        expect(answer).to.deep.include({ status, body: Buffer.alloc(0) });
        expect(answer.headers).to.deep.include(['x-a', 'b']);
        if (method === 'HEAD') expect(answer.headers).to.deep.include(['content-length', '99']);
      }
    });

    it('may tell of a length that does not come: 304 (RFC 9110 8.6)', async () => {
      const forward = await serveRaw((socket) =>
        socket.write('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 1234\r\n\r\n'),
      );
      expect(await read(forward())).to.deep.equal({
        status: 304,
        headers: [
          ['ETag', '"a"'],
          ['Content-Length', '1234'],
        ],
        body: Buffer.alloc(0),
      });
    });

    it('may have a head of 60,000 bytes; one of 70,000 is a failure', async () => {
      const forward = await serve(({ url }, response) => {
        response.setHeader('x-long', 'x'.repeat(Number(url?.slice(1)))).end('hi');
      });
      expect((await read(forward({ uri: '/60000' }))).body.toString()).to.equal('hi');
      expect(await forward({ uri: '/70000' })).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
    });

    it('waits behind interim ones, asked for or not', async () => {
      const forward = await serve((_request, response) => {
        response.writeContinue();
        response.writeEarlyHints({ link: '</a.css>; rel=preload' });
        response.end('final');
      });
      expect(await read(forward())).to.deep.include({ status: 200, body: Buffer.from('final') });
    });

    it('is whole where its end comes long before it is read, whatever its size', async () => {
      for (const size of [1, 65_535, 65_536, 100_000, 384_000]) {
        const ended: Promise<unknown>[] = [];
        const forward = await serveRaw((socket) => {
          ended.push(once(socket, 'finish'));
          socket.end(`HTTP/1.0 200 OK\r\n\r\n${'x'.repeat(size)}`);
        });
        const result = await forward();
        await Promise.all(ended);
        for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        expect((await read(Promise.resolve(result))).body.length).to.equal(size);
      }
    });
  });

  describe('failures', () => {
    it('nothing listens', async () => {
      const { port, stop } = await startHttpUpstream(() => {});
      await stop();
      const result = await connect(port)();
      expect(result).to.deep.include({ kind: 'failed', code: 'upstream_unreachable' });
      expect(result.kind === 'failed' && result.message)
        .to.contain(`localhost:${port}`)
        .and.contain('ECONNREFUSED');
    });

    it('the name is unknown', async () => {
      const result = await connect('http://name.invalid:80')();
      expect(result).to.deep.include({ kind: 'failed', code: 'upstream_unreachable' });
    });

    it('what answers is no HTTP', async () => {
      const forward = await serveRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
      expect(await forward()).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
    });

    it('it hangs up before its answer', async () => {
      const forward = await serveRaw((socket) => socket.destroy());
      expect(await forward()).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
    });

    describe('it hangs up a kept connection under a request', () => {
      /** Answers the first request of a connection and hangs up on the second, as an idle server does at the wrong moment. */
      async function serveOnce(second: (socket: Socket) => void) {
        const seen: string[] = [];
        const kept = new WeakSet<Socket>();
        const server = createTcpServer((socket) => {
          socket.on('error', () => {});
          socket.on('data', (bytes) => {
            seen.push(bytes.toString('latin1').split(' ', 1)[0] ?? '');
            if (kept.has(socket)) return second(socket);
            kept.add(socket);
            socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
          });
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        cleanup(async () => void server.close());
        const forward = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
        await read(forward());
        return { forward, seen };
      }

      for (const [how, hangUp] of [
        ['ends it', (socket: Socket) => void socket.end()],
        ['resets it', (socket: Socket) => void socket.resetAndDestroy()],
      ] as const) {
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          it(`${how}: a ${method} is sent again over a connection of its own`, async () => {
            const { forward, seen } = await serveOnce(hangUp);
            expect((await read(forward({ method }))).status).to.equal(200);
            expect(seen).to.deep.equal(['GET', method, method]);
          });
        }

        for (const method of ['POST', 'DELETE']) {
          it(`${how}: a ${method} may have been heard, and is not`, async () => {
            const { forward, seen } = await serveOnce(hangUp);
            expect(await forward({ method })).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
            expect(seen).to.deep.equal(['GET', method]);
          });
        }
      }

      it('behind a first byte of its answer: it is not sent again', async () => {
        const { forward, seen } = await serveOnce((socket) =>
          socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => socket.end()),
        );
        expect(await forward()).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
        expect(seen).to.deep.equal(['GET', 'GET']);
      });

      it('with a body: it is not sent again', async () => {
        const { forward, seen } = await serveOnce((socket) => socket.end());
        expect(await forward({ body: Buffer.from('x') })).to.deep.include({ kind: 'failed' });
        expect(seen).to.deep.equal(['GET', 'GET']);
      });
    });

    it('it dies in mid-answer', async () => {
      const forward = await serveRaw((socket) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal', () => socket.destroy()),
      );
      const error = await read(forward()).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.an('error');
    });

    it('it resets an answer that only its connection would end', async () => {
      const sockets: Socket[] = [];
      const forward = await serveRaw((socket) => {
        sockets.push(socket);
        socket.write('HTTP/1.0 200 OK\r\n\r\nhal');
      });
      const answered = await forward();
      if (answered.kind !== 'answered') throw new Error(answered.message);
      const pieces = answered.body[Symbol.asyncIterator]();
      expect(String((await pieces.next()).value)).to.equal('hal');
      for (const socket of sockets) socket.resetAndDestroy();
      expect(await pieces.next().catch(() => 'rejected')).to.equal('rejected');
    });

    it('it switches to a protocol that nobody asked for', async () => {
      const forward = await serveRaw((socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      );
      expect(await forward()).to.deep.include({ kind: 'failed', code: 'upstream_failed' });
    });

    it('it is aborted while it is silent, and in mid-answer', async () => {
      const hungUp: Promise<unknown>[] = [];
      const forward = await serve(({ url, socket }, response) => {
        hungUp.push(once(socket, 'close'));
        if (url === '/half') response.writeHead(200).write('hal');
        else response.req.emit('silent');
      });
      const silence = new AbortController();
      const result = forward({ uri: '/silent' }, silence.signal);
      setImmediate(() => silence.abort());
      expect((await result).kind).to.equal('failed');
      const half = new AbortController();
      const answered = await forward({ uri: '/half' }, half.signal);
      if (answered.kind !== 'answered') throw new Error(answered.message);
      const pieces = answered.body[Symbol.asyncIterator]();
      await pieces.next();
      half.abort();
      expect(await pieces.next().catch(() => 'rejected')).to.equal('rejected');
      await Promise.all(hungUp);
    });
  });

  describe('localhost', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address));
    for (const host of ['127.0.0.1', '::1'].filter((address) => addresses.includes(address))) {
      it(`is found on ${host} alone`, async () => {
        const started = await startHttpUpstream((_request, response) => response.end('found'), host);
        cleanup(started.stop);
        expect((await read(connect(started.port)())).body.toString()).to.equal('found');
      });
    }
  });

  for (const host of ['localhost', '127.0.0.1']) {
    it(`may speak TLS on ${host} with a certificate of its own, whatever host the visitor names`, async () => {
      const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
      const names: unknown[] = [];
      const server = createTlsServer({ key, cert }, (request, response) => {
        names.push('servername' in request.socket && request.socket.servername);
        response.end(request.headers.host);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanup(async () => {
        server.close();
        server.closeAllConnections();
      });
      const forward = connect(`https://${host}:${(server.address() as AddressInfo).port}`);
      expect((await read(forward({ headers: [['host', 'abc.example']] }))).body.toString()).to.equal('abc.example');
      expect(names).to.deep.equal([host === 'localhost' ? 'localhost' : false]);
    });
  }

  it('answers a hundred requests side by side', async () => {
    const waiting: (() => void)[] = [];
    const forward = await serve((request, response) => {
      waiting.push(() => response.end(request.url));
      if (waiting.length === 100) for (const release of waiting) release();
    });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, at) => read(forward({ uri: `/${at}` }))));
    expect(answers.map(({ body }) => body.toString())).to.deep.equal(answers.map((_, at) => `/${at}`));
  });
});
