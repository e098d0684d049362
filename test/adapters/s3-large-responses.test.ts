import { createHash, randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { createUpload } from '../../agent/proxy/upload.ts';
import { DEVELOPER_CREDENTIALS } from '../../emulator/iam/credentials.ts';
import { createPresigner, createS3LargeResponses } from '../../src/adapters/s3-large-responses.ts';
import { systemClock } from '../../src/adapters/system.ts';
import { useCleanup } from '../agent/support/cleanup.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { startS3Server } from './s3-server.ts';

const BUCKET = 'large-responses';
const TUNNEL = 'abc123def456';

/** What the composition root hands over: a client's own configuration. */
function signing({ region = 'us-east-1', credentials = DEVELOPER_CREDENTIALS } = {}) {
  return new DynamoDBClient({ region, credentials }).config;
}

function create(options: { readonly endpoint?: string; readonly region?: string; readonly now?: number } = {}) {
  const { endpoint, region = 'us-east-1', now } = options;
  return createS3LargeResponses(signing({ region }), {
    bucket: BUCKET,
    ...(endpoint && { endpoint }),
    clock: now === undefined ? systemClock : { now: () => now },
    randomBytes: seededRandom('keys'),
  });
}

describe('presigning for S3', () => {
  it("gives the very URL of S3's own documentation", async () => {
    const credentials = {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    const clock = { now: () => Date.parse('2013-05-24T00:00:00Z') };
    const presign = createPresigner(signing({ credentials }), clock);
    const url = new URL(await presign('GET', new URL('https://examplebucket.s3.amazonaws.com/test.txt'), 86_400));
    expect(url.origin + url.pathname).to.equal('https://examplebucket.s3.amazonaws.com/test.txt');
    expect(Object.fromEntries(url.searchParams)).to.deep.equal({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '86400',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    });
  });

  it('names the session that temporary credentials are of', async () => {
    const credentials = { ...DEVELOPER_CREDENTIALS, sessionToken: 'a+b/c=' };
    const presign = createPresigner(signing({ credentials }), systemClock);
    const url = new URL(await presign('PUT', new URL('https://b.s3.us-east-1.amazonaws.com/k'), 60));
    expect(url.searchParams.get('X-Amz-Security-Token')).to.equal('a+b/c=');
    expect(url.search).to.contain('=a%2Bb%2Fc%3D');
  });
});

describe('large responses in S3', () => {
  it("are in the bucket's own host, in the region of the stack", async () => {
    for (const [region, host] of [
      ['eu-west-1', 'large-responses.s3.eu-west-1.amazonaws.com'],
      ['cn-north-1', 'large-responses.s3.cn-north-1.amazonaws.com.cn'],
    ] as const) {
      const { key, uploadUrl } = await create({ region }).place(TUNNEL, 90);
      const url = new URL(uploadUrl);
      expect(url.host).to.equal(host);
      expect(url.pathname).to.equal(`/${key}`);
      expect(url.searchParams.get('X-Amz-Expires')).to.equal('90');
    }
  });

  it('are in the path of an endpoint that is given', async () => {
    for (const endpoint of ['http://localhost:9000', 'http://localhost:9000/']) {
      const url = new URL(await create({ endpoint }).downloadUrl('a/b', 300));
      expect(url.origin + url.pathname).to.equal('http://localhost:9000/large-responses/a/b');
    }
  });

  it('have unguessable keys below their tunnel, each a new one', async () => {
    const large = create();
    const keys = await Promise.all(Array.from({ length: 50 }, async () => (await large.place(TUNNEL, 90)).key));
    for (const key of keys) expect(key).to.match(/^abc123def456\/[0-9a-f]{32}$/);
    expect(new Set(keys)).to.have.lengthOf(50);
  });

  describe('with an S3-compatible server', () => {
    const cleanup = useCleanup();
    const bytes = randomBytes(7_000_000);
    const never = new AbortController().signal;
    const type = ['content-type', 'application/octet-stream'] as const;

    async function start() {
      const server = await startS3Server({ bucket: BUCKET });
      const uploader = createUpload({ loopback: true });
      cleanup(() => server.stop());
      cleanup(() => uploader.close());
      return { server, upload: uploader.upload, large: create({ endpoint: server.url }) };
    }

    async function* inPieces(whole: Uint8Array, size = 65_536) {
      for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
    }

    for (const announced of [true, false]) {
      it(`come back byte for byte with their headers, length ${announced ? 'announced' : 'unknown'}`, async () => {
        const { upload, large, server } = await start();
        const { key, uploadUrl } = await large.place(TUNNEL, 90);
        const headers = [
          ['content-type', 'application/x-tar'],
          ['content-disposition', 'attachment; filename="a.tar"'],
          ['content-encoding', 'br'],
          ['cache-control', 'private, max-age=60'],
        ] as const;
        const body = { body: inPieces(bytes), headers, ...(announced && { contentLength: bytes.length }) };
        expect(await upload(uploadUrl, body, never)).to.deep.equal({ kind: 'stored', bytes: bytes.length });

        const response = await rawGet(await large.downloadUrl(key, 300));
        expect(response.status).to.equal(200);
        for (const [name, value] of headers) expect(response.headers[name]).to.equal(value);
        expect(sha256(response.body)).to.equal(sha256(bytes));
        expect(server.requests).to.deep.equal([`PUT /${BUCKET}/${key}`, `GET /${BUCKET}/${key}`]);
      });
    }

    it('can be had in ranges, whatever the upstream knows of them', async () => {
      const { upload, large } = await start();
      const { key, uploadUrl } = await large.place(TUNNEL, 90);
      await upload(uploadUrl, { body: inPieces(bytes), contentLength: bytes.length, headers: [type] }, never);
      const part = await fetch(await large.downloadUrl(key, 300), { headers: { range: 'bytes=10-19' } });
      expect(part.status).to.equal(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).to.equal(true);
    });

    it('are nobody’s without the signature, with one for another key, or with one for the other method', async () => {
      const { upload, large, server } = await start();
      const { key, uploadUrl } = await large.place(TUNNEL, 90);
      const other = await large.place(TUNNEL, 90);
      const stolen = uploadUrl.replace(key, other.key);
      const body = () => ({ body: inPieces(bytes.subarray(0, 10)), contentLength: 10, headers: [type] });
      expect(await upload(stolen, body(), never)).to.deep.include({ kind: 'failed', at: 'place' });
      expect(await upload(await large.downloadUrl(key, 90), body(), never)).to.deep.include({ kind: 'failed' });
      expect(await upload(uploadUrl, body(), never)).to.deep.include({ kind: 'stored' });
      const { status } = await fetch(new URL(uploadUrl).href.split('?')[0] ?? '');
      expect(status).to.equal(403);
      expect((await fetch(uploadUrl)).status).to.equal(403);
      expect(server.requests).to.deep.equal([`PUT /${BUCKET}/${key}`]);
    });

    it('are not to be had, nor put, by a URL that has expired', async () => {
      const { upload, server } = await start();
      const past = create({ endpoint: server.url, now: Date.now() - 400_000 });
      const { key, uploadUrl } = await past.place(TUNNEL, 90);
      const body = { body: inPieces(bytes.subarray(0, 10)), contentLength: 10, headers: [type] };
      const result = await upload(uploadUrl, body, never);
      expect(result).to.deep.include({ kind: 'failed', at: 'place' });
      expect(result.kind === 'failed' && result.message).to.match(/answered 403 \(AccessDenied\)$/);
      expect((await fetch(await past.downloadUrl(key, 300))).status).to.equal(403);
      expect(await server.objects(TUNNEL)).to.deep.equal([]);
    });
  });
});

function sha256(whole: Uint8Array): string {
  return createHash('sha256').update(whole).digest('hex');
}

/** As `fetch`, which would decode the body. */
async function rawGet(url: string) {
  const { request } = await import('undici');
  const { statusCode, headers, body } = await request(url);
  return { status: statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
}
