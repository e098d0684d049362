import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { RandomBytes } from '../protocol/ids.ts';
import type { LargeResponses } from '../tunnel/large-responses.ts';
import type { Clock } from '../tunnel/ports.ts';

/** What signs: any of the SDK's clients has found out all of it, and keeps its credentials fresh. */
export type Signing = Pick<DynamoDBClient['config'], 'credentials' | 'region' | 'sha256'>;

export interface S3Options {
  readonly bucket: string;
  /** Another S3 than AWS's: its URL, of which the bucket is the path. */
  readonly endpoint?: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: RandomBytes;
}

/** Bytes of chance in a key: more than anybody can guess in a URL's life, or a day. */
const KEY_BYTES = 16;

/**
 * Large responses as objects of one bucket, `{tunnel id}/{chance}`: a folder a tunnel, so that no service worker that came out
 * of one tunnel has another's objects in its scope. Nothing is asked of S3 here: a URL is signed, with the rights that the
 * signer has when it is used.
 */
export function createS3LargeResponses(
  signing: Signing,
  { bucket, endpoint, clock, randomBytes }: S3Options,
): LargeResponses {
  const presign = createPresigner(signing, clock);

  async function objectUrl(key: string): Promise<URL> {
    if (endpoint) return new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/${key}`);
    const region = await signing.region();
    return new URL(`https://${bucket}.s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/${key}`);
  }

  return {
    async place(tunnelId, expiresInS) {
      const key = `${tunnelId}/${Buffer.from(randomBytes(KEY_BYTES)).toString('hex')}`;
      return { key, uploadUrl: await presign('PUT', await objectUrl(key), expiresInS) };
    },
    downloadUrl: async (key, expiresInS) => presign('GET', await objectUrl(key), expiresInS),
  };
}

const BODY_HASH = 'x-amz-content-sha256';
const LEFT_OUT: ReadonlySet<string> = new Set([BODY_HASH]);

/**
 * Signature Version 4 in the query, as S3 wants it: the path as it is, and no hash of a body that nobody knows yet.
 *
 * `host` is the one header that is signed. A PUT's `content-type`, length and the like are the upstream's, which has not
 * answered when the URL is made; any header that begins with `x-amz-` S3 refuses unless it was signed, so whoever has the URL
 * can change neither who may read the object nor how it is kept.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function createPresigner({ credentials, region, sha256 }: Signing, clock: Pick<Clock, 'now'>) {
  const signer = new SignatureV4({ service: 's3', credentials, region, sha256, uriEscapePath: false });

  return async (method: 'GET' | 'PUT', url: URL, expiresInS: number): Promise<string> => {
    const request = {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, [BODY_HASH]: 'UNSIGNED-PAYLOAD' },
    };
    const { query = {} } = await signer.presign(request, {
      expiresIn: expiresInS,
      signingDate: new Date(clock.now()),
      unhoistableHeaders: new Set(LEFT_OUT),
      unsignableHeaders: new Set(LEFT_OUT),
    });
    return `${url.origin}${url.pathname}?${new URLSearchParams(query as Record<string, string>)}`;
  };
}
