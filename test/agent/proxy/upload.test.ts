import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { UploadedBody } from '../../../agent/forward.ts';
import { createUpload, type UploadOptions } from '../../../agent/proxy/upload.ts';
import { useCleanup } from '../support/cleanup.ts';
import { startHttpUpstream } from '../support/http-upstream.ts';

const never = new AbortController().signal;

async function* of(...pieces: (string | Error)[]) {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('upload', () => {
  const cleanup = useCleanup();

  function create(options: Partial<UploadOptions> = {}) {
    const uploader = createUpload({ loopback: true, ...options });
    cleanup(() => uploader.close());
    return (url: string, body: Partial<UploadedBody>, signal = never) =>
      uploader.upload(url, { body: of('hello'), contentLength: 5, headers: [], ...body }, signal);
  }

  async function serve(listener: RequestListener) {
    const { port, stop } = await startHttpUpstream(listener);
    cleanup(stop);
    return `http://127.0.0.1:${port}/bucket/key?X-Amz-Signature=a%2Fb`;
  }

  for (const [what, contentLength] of [
    ['announced', 5],
    ['unknown', undefined],
  ] as const) {
    it(`puts a body of ${what} length, with its length and headers and no others`, async () => {
      const seen: { request?: IncomingMessage; body?: string } = {};
      const url = await serve(async (request, response) => {
        Object.assign(seen, { request, body: await textOf(request) });
        response.end();
      });
      const headers = [['Content-Type', 'text/x']] as const;
      const body = { body: of('he', 'llo'), headers, ...(contentLength && { contentLength }) };
      const uploader = createUpload({ loopback: true });
      cleanup(() => uploader.close());
      expect(await uploader.upload(url, body, never)).to.deep.equal({ kind: 'stored', bytes: 5 });
      expect(seen.body).to.equal('hello');
      expect(seen.request?.method).to.equal('PUT');
      expect(seen.request?.url).to.equal('/bucket/key?X-Amz-Signature=a%2Fb');
      expect(seen.request?.rawHeaders.slice(4)).to.deep.equal(['Content-Type', 'text/x', 'content-length', '5']);
    });
  }

  it('gives the place those headers that say what the body is, and how long it is good, and no others', async () => {
    let seen: string[] = [];
    const url = await serve(async (request, response) => {
      seen = request.rawHeaders;
      await textOf(request);
      response.end();
    });
    const kept = [
      ['Content-Type', 'text/html'],
      ['content-encoding', 'br'],
      ['Content-Disposition', 'attachment; filename="é"'],
      ['content-language', 'en'],
      ['Cache-Control', 'no-store'],
      ['Expires', '0'],
    ] as const;
    const others = [
      ['Content-Length', '9'],
      ['set-cookie', 'a=1'],
      ['x-amz-acl', 'public-read'],
      ['transfer-encoding', 'chunked'],
      ['etag', '"1"'],
    ] as const;
    expect(await create()(url, { headers: [...others, ...kept] })).to.have.property('kind', 'stored');
    expect(seen.slice(4)).to.deep.equal([...kept.flat(), 'content-length', '5']);
  });

  it('puts an empty body', async () => {
    const url = await serve(async ({ headers }, response) =>
      response.writeHead(headers['content-length'] === '0' ? 200 : 400).end(),
    );
    expect(await create()(url, { body: of(), contentLength: 0 })).to.deep.equal({ kind: 'stored', bytes: 0 });
  });

  describe('the URL', () => {
    for (const url of [
      'http://bucket.example/key',
      'ftp://bucket.example/key',
      'file:///etc/passwd',
      'https://user:secret@bucket.example/key',
      'bucket.example/key',
      '',
    ]) {
      it(`is refused: ${url || 'an empty one'}`, async () => {
        expect(await create()(url, {})).to.deep.equal({
          kind: 'failed',
          at: 'place',
          message: 'its URL is none that this agent puts bodies to',
        });
      });
    }

    for (const host of ['127.0.0.1', 'localhost', 's3.localhost', '[::1]']) {
      it(`is refused where it is this machine's and the edge is not: ${host}`, async () => {
        const upload = create({ loopback: false });
        for (const scheme of ['http', 'https']) {
          expect(await upload(`${scheme}://${host}:1/key`, {})).to.have.property('at', 'place');
          expect(await upload(`${scheme}://${host}:1/key`, {}))
            .to.have.property('message')
            .that.contains('URL');
        }
      });
    }
  });

  describe('what fails at the place', () => {
    it('is a refusal, with the code that S3 gives', async () => {
      const url = await serve(async (request, response) => {
        await textOf(request);
        response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>secret</Message></Error>');
      });
      const host = new URL(url).host;
      const message = `${host} answered 403 (AccessDenied)`;
      expect(await create()(url, {})).to.deep.equal({ kind: 'failed', at: 'place', message });
    });

    it('is a refusal that comes before the body has gone', async () => {
      const url = await serve((_request, response) => {
        response.writeHead(403, { connection: 'close' }).end('<Error><Code>AccessDenied</Code></Error>');
      });
      async function* large() {
        for (let at = 0; at < 1_000; at += 1) yield Buffer.alloc(65_536);
      }
      const result = await create()(url, { body: large(), contentLength: 65_536_000 });
      expect(result).to.deep.include({ kind: 'failed', at: 'place' });
    });

    it('is a redirect, which is not followed', async () => {
      const asked: string[] = [];
      const url = await serve(async (request, response) => {
        asked.push(request.url ?? '');
        await textOf(request);
        response.writeHead(307, { location: '/elsewhere' }).end();
      });
      expect(await create()(url, {}))
        .to.have.property('message')
        .that.matches(/answered 307$/);
      expect(asked).to.have.lengthOf(1);
    });

    it('is an answer without end, of which little is read', async () => {
      const url = await serve(async (request, response) => {
        await textOf(request);
        response.writeHead(500);
        const more = () =>
          void (response.write(Buffer.alloc(65_536)) ? setImmediate(more) : response.once('drain', more));
        more();
      });
      expect(await create()(url, {}))
        .to.have.property('message')
        .that.matches(/answered 500$/);
    });

    it('is nothing that listens', async () => {
      const { port, stop } = await startHttpUpstream(() => {});
      await stop();
      const result = await create()(`http://127.0.0.1:${port}/key`, {});
      expect(result).to.deep.include({ kind: 'failed', at: 'place' });
      expect(result).to.have.property('message').that.contains('ECONNREFUSED');
    });

    it('is a connection that breaks', async () => {
      const url = await serve((request) => request.socket.destroy());
      expect(await create()(url, {})).to.deep.include({ kind: 'failed', at: 'place' });
    });
  });

  describe('what fails in the body', () => {
    /** Resolves to whether a request came to its end. */
    async function recording() {
      const ended: Promise<boolean>[] = [];
      const url = await serve((request, response) => {
        ended.push(
          textOf(request).then(
            () => true,
            () => false,
          ),
        );
        request.on('end', () => response.end());
      });
      return { url, ended };
    }

    for (const contentLength of [5, undefined]) {
      it(`is the upstream's death, length ${contentLength ? 'announced' : 'unknown'}: the place keeps nothing`, async () => {
        const { url, ended } = await recording();
        const uploader = createUpload({ loopback: true });
        cleanup(() => uploader.close());
        const body = { body: of('he', new Error('it died')), headers: [], ...(contentLength && { contentLength }) };
        const result = await uploader.upload(url, body, never);
        expect(result).to.deep.equal({ kind: 'failed', at: 'body', message: 'it died' });
        expect(await Promise.all(ended)).to.not.include(true);
      });
    }

    it('is a body shorter or longer than announced: the place keeps nothing', async () => {
      for (const contentLength of [3, 9]) {
        const { url, ended } = await recording();
        expect(await create()(url, { body: of('he', 'llo'), contentLength })).to.deep.include({
          kind: 'failed',
          at: 'body',
        });
        expect(await Promise.all(ended)).to.not.include(true);
      }
    });
  });

  it('is too large beyond the limit, of which nothing is put', async () => {
    const url = await serve((_request, response) => response.end());
    const folder = await mkdtemp(join(tmpdir(), 'postern-upload-'));
    cleanup(() => rm(folder, { recursive: true, force: true }));
    const uploader = createUpload({ loopback: true, limitBytes: 4, spoolFolder: folder });
    cleanup(() => uploader.close());
    const headers = [] as const;
    const tooLarge = { kind: 'too-large', message: 'larger than the 4 bytes that are put anywhere' };
    expect(await uploader.upload(url, { body: of('hello'), contentLength: 5, headers }, never)).to.deep.equal(tooLarge);
    expect(await uploader.upload(url, { body: of('he', 'llo'), headers }, never)).to.deep.equal(tooLarge);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('ends where it is aborted, before and while it runs', async () => {
    const aborted = AbortSignal.abort();
    const closed: Promise<unknown>[] = [];
    const running = new AbortController();
    const url = await serve((request) => {
      closed.push(new Promise((resolve) => request.socket.once('close', resolve)));
      request.once('data', () => running.abort());
    });
    expect(await create()(url, {}, aborted)).to.have.property('kind', 'failed');
    expect(closed).to.have.lengthOf(0);
    async function* stuck() {
      yield Buffer.from('he');
      await once(running.signal, 'abort');
      yield Buffer.from('llo');
    }
    expect(await create()(url, { body: stuck() }, running.signal)).to.have.property('kind', 'failed');
    await Promise.all(closed);
    expect(closed).to.have.lengthOf(1);
  });
});
