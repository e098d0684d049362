import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An issuer of tokens on this machine. */
export interface Issuer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** Signs with the key of that id, which is made when it is first used. */
  sign(claims: JWTPayload, header?: { readonly kid?: string; readonly alg?: string }): Promise<string>;
  /** What the key set says from now on; the keys made so far unless set. */
  answer: (() => string) | undefined;
  stop(): void;
}

export async function startIssuer(): Promise<Issuer> {
  const pairs = new Map<string, { privateKey: CryptoKey; jwk: object }>();
  const issuer: Issuer = {
    url: '',
    asked: [],
    answer: undefined,
    async sign(claims, { kid = 'k1', alg = 'RS256' } = {}) {
      const made = pairs.get(kid) ?? (await makePair(kid, alg));
      pairs.set(kid, made);
      return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(made.privateKey);
    },
    stop: () => server.close().closeAllConnections(),
  };
  const server = createServer((request, response) => {
    issuer.asked.push(request.url ?? '');
    const keys = () => JSON.stringify({ keys: [...pairs.values()].map(({ jwk }) => jwk) });
    const body =
      request.url === '/keys' ? (issuer.answer ?? keys)() : JSON.stringify({ jwks_uri: `${issuer.url}/keys` });
    response.setHeader('connection', 'close').end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(issuer, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function makePair(kid: string, alg: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}
