import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { type Credentials, DEVELOPER_CREDENTIALS } from '../../emulator/iam/credentials.ts';
import { identify } from '../../emulator/iam/signature.ts';

export interface S3Server {
  /** For `AWS_ENDPOINT_URL_S3`. */
  readonly url: string;
  /** `METHOD /path`, without queries, as they were let in. */
  readonly requests: readonly string[];
  /** Names of the objects that lie in the bucket's folder of this tunnel. */
  objects(tunnelId: string): Promise<string[]>;
  stop(): Promise<void>;
}

export interface S3ServerOptions {
  readonly bucket: string;
  /** Who may sign; the developer of the emulator unless given. */
  readonly credentials?: readonly Credentials[];
  readonly region?: string;
}

/**
 * s3rver, and before it what it leaves out: it reads signatures of version 4 but does not check them. So every request must be
 * signed here, for S3 and the region, by who is known, and not have expired; and a PUT must say how long it is.
 */
export async function startS3Server({
  bucket,
  credentials = [DEVELOPER_CREDENTIALS],
  region = 'us-east-1',
}: S3ServerOptions): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-s3-'));
  const app = new S3rver({ directory, silent: true, configureBuckets: [{ name: bucket }] });
  await app.configureBuckets();
  const store = app.callback();
  const requests: string[] = [];

  function judge(request: IncomingMessage): string | undefined {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    const headers = { ...request.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const identified = identify(
      { method: request.method ?? '', path, query, headers, body: new Uint8Array(0) },
      {
        service: 's3',
        region,
        now: Date.now(),
        unsignedPayload: true,
        credentials: {
          find(accessKeyId) {
            const known = credentials.find((each) => each.accessKeyId === accessKeyId);
            return known && { ...known, principal: { arn: 'arn:aws:iam::123456789012:user/signer' } };
          },
          ofFunction: () => credentials[0] ?? DEVELOPER_CREDENTIALS,
        },
      },
    );
    if (identified.kind === 'refused') return identified.message;
    // s3rver would look for the signer among its own.
    request.url = path;
    requests.push(`${request.method} ${path}`);
    return undefined;
  }

  const server = createServer((request, response) => {
    if (request.method === 'PUT' && request.headers['content-length'] === undefined) {
      return refuse(request, response, 411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
    }
    const refusal = judge(request);
    if (refusal !== undefined) return refuse(request, response, 403, 'AccessDenied', refusal);
    store(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async objects(tunnelId) {
      const files = await readdir(join(directory, bucket, tunnelId)).catch(() => []);
      return files.map((file) => file.replace(/\._S3rver_.*$/, '')).filter((name, at, all) => all.indexOf(name) === at);
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      app.logger.exceptions.unhandle();
      app.logger.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What comes of the body is read, so that the refusal is not lost in a connection that breaks. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, code: string, message: string) {
  request.resume();
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}
