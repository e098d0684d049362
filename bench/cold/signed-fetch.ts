import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { Agent, request } from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';

/** The least that talks to AWS: a signature, one connection, and none of the SDK's credentials, retries and error types. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret ? createHmac('sha256', secret) : createHash('sha256');
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const agent = new Agent({ keepAlive: true });
const signer = new SignatureV4({
  service: 'dynamodb',
  region: 'us-east-1',
  credentials: { accessKeyId: '', secretAccessKey: '' },
  // biome-ignore lint/suspicious/noExplicitAny: the signer's type wants methods that it does not call
  sha256: Sha256 as any,
});

export async function handler(body: string): Promise<number | undefined> {
  const hostname = 'dynamodb.us-east-1.amazonaws.com';
  const signed = await signer.sign({
    method: 'POST',
    protocol: 'https:',
    hostname,
    path: '/',
    query: {},
    headers: {},
    body,
  });
  return new Promise((resolve, reject) => {
    request({ agent, hostname, method: 'POST', headers: signed.headers }, (response) => resolve(response.statusCode))
      .on('error', reject)
      .end(body);
  });
}
