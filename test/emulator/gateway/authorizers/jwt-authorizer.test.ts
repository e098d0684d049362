import { expect } from 'chai';
import fc from 'fast-check';
import { createIssuerKeys } from '../../../../emulator/gateway/authorizers/issuer-keys.ts';
import { type AuthorizeToken, createJwtAuthorizer } from '../../../../emulator/gateway/authorizers/jwt-authorizer.ts';
import { textClaims } from '../../../../emulator/gateway/authorizers/jwt-claims.ts';
import { createFakeClock, type FakeClock, START } from '../fixture.ts';
import { jwtAuthorizer } from './authorizers.ts';
import { type Issuer, startIssuer } from './issuer.ts';

const NOW = START / 1_000;

describe('JWT authorizer', () => {
  let issuer: Issuer;
  let clock: FakeClock;
  let authorize: AuthorizeToken;

  beforeEach(async () => {
    issuer = await startIssuer();
    clock = createFakeClock();
    authorize = createJwtAuthorizer(jwtAuthorizer(issuer.url), clock, createIssuerKeys(issuer.url, clock));
  });

  afterEach(() => issuer.stop());

  const claims = (changes: Record<string, unknown> = {}) => ({
    iss: issuer.url,
    aud: 'api',
    exp: NOW + 60,
    ...changes,
  });
  const challengeOf = async (token: string, scopes: string[] = []) => {
    const result = await authorize(token, scopes);
    return result.kind === 'refused' ? `${result.status} ${result.challenge}` : result.kind;
  };

  it('lets a token in, with or without Bearer, and gives its claims as text', async () => {
    const token = await issuer.sign(claims({ sub: 'me', admin: true, groups: ['a', 'b'], iat: NOW, nbf: NOW }));
    for (const identity of [token, `Bearer ${token}`, `bearer ${token}`]) {
      expect(await authorize(identity, [])).to.deep.equal({
        kind: 'allowed',
        claims: {
          iss: issuer.url,
          aud: 'api',
          exp: String(NOW + 60),
          sub: 'me',
          admin: 'true',
          groups: '[a b]',
          iat: String(NOW),
          nbf: String(NOW),
        },
        scopes: null,
      });
    }
  });

  it('takes client_id for the audience only where aud is absent', async () => {
    expect(await challengeOf(await issuer.sign(claims({ aud: undefined, client_id: 'api' })))).to.equal('allowed');
    expect(await challengeOf(await issuer.sign(claims({ aud: ['x', 'api'] })))).to.equal('allowed');
    expect(await challengeOf(await issuer.sign(claims({ aud: 'x', client_id: 'api' })))).to.match(/valid audience/);
    expect(await challengeOf(await issuer.sign(claims({ aud: undefined })))).to.match(/valid audience/);
  });

  it('refuses with the words of www-authenticate (recorded: no token, no segments, no audience)', async () => {
    expect(await challengeOf('')).to.equal('401 Bearer');
    expect(await challengeOf('not-a-token')).to.equal(
      '401 Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"',
    );
    expect(await challengeOf(await issuer.sign(claims({ aud: 'x' })))).to.equal(
      '401 Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"',
    );
  });

  it('refuses tokens of other times and issuers', async () => {
    for (const changes of [
      { exp: NOW },
      { exp: undefined },
      { exp: 'never' },
      { nbf: NOW + 1 },
      { iat: NOW + 1 },
      { iss: `${issuer.url}/` },
      { iss: undefined },
    ]) {
      expect(await challengeOf(await issuer.sign(claims(changes))), JSON.stringify(changes)).to.match(/^401 /);
    }
    const token = await issuer.sign(claims());
    expect(await challengeOf(token)).to.equal('allowed');
    clock.advance(60_000);
    expect(await challengeOf(token)).to.match(/has expired/);
  });

  it('refuses what the key did not sign, other algorithms than RSA, and none', async () => {
    const [head, body, signature] = (await issuer.sign(claims())).split('.');
    const [, forged] = (await issuer.sign(claims({ sub: 'root' }))).split('.');
    expect(await challengeOf(`${head}.${forged}.${signature}`)).to.match(/invalid signature/);
    expect(await challengeOf(`${head}.${body}.`)).to.match(/invalid signature/);
    const unsigned = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url');
    expect(await challengeOf(`${unsigned}.${body}.`)).to.match(/signing method none is invalid/);
    expect(await challengeOf(await issuer.sign(claims(), { kid: 'ec', alg: 'ES256' }))).to.match(/ES256 is invalid/);
    // The public key taken for a secret: HS256.
    const symmetric = Buffer.from('{"alg":"HS256","kid":"k1"}').toString('base64url');
    expect(await challengeOf(`${symmetric}.${body}.${signature}`)).to.match(/HS256 is invalid/);
  });

  it('wants one of the route’s scopes, of scope or scp', async () => {
    const scoped = await issuer.sign(claims({ scope: 'read write' }));
    expect(await authorize(scoped, ['write', 'admin'])).to.deep.include({ kind: 'allowed', scopes: ['write'] });
    const listed = await issuer.sign(claims({ scp: ['admin'] }));
    expect(await authorize(listed, ['write', 'admin'])).to.deep.include({ kind: 'allowed', scopes: ['admin'] });
    expect(await challengeOf(scoped, ['admin'])).to.match(/^403 Bearer scope="admin" error="insufficient_scope"/);
    expect(await challengeOf(await issuer.sign(claims()), ['admin'])).to.match(/^403 /);
  });

  it('keeps keys for two hours, and looks again for one that it does not know, not more than twice a minute', async () => {
    const first = claims({ exp: NOW + 100_000 });
    const token = await issuer.sign(first);
    await Promise.all([authorize(token, []), authorize(token, [])]);
    expect(issuer.asked).to.deep.equal(['/.well-known/openid-configuration', '/keys']);

    const rotated = await issuer.sign(first, { kid: 'k2' });
    expect(await challengeOf(rotated)).to.match(/unable to find a key/);
    clock.advance(30_000);
    expect(await challengeOf(rotated)).to.equal('allowed');
    for (let times = 0; times < 10; times++) await authorize(await issuer.sign(first, { kid: 'k3' }), []);
    expect(issuer.asked).to.have.length(4);

    clock.advance(2 * 60 * 60_000);
    expect(await challengeOf(token)).to.equal('allowed');
    expect(issuer.asked).to.have.length(6);
  });

  it('refuses everybody while the issuer is out of reach, or answers nonsense', async () => {
    const token = await issuer.sign(claims());
    for (const nonsense of ['', '[]', '{}', '{"keys":1}', `{"keys":[{"kid":"${'x'.repeat(150_000)}"}]}`]) {
      issuer.answer = () => nonsense;
      expect(await challengeOf(token), nonsense.slice(0, 20)).to.match(/OIDC discovery endpoint communication error/);
    }
    for (const keys of ['{"keys":[1,null,{"kid":"k1"}]}', '{"keys":[{"kid":"k1","kty":"RSA","n":"!","e":"!"}]}']) {
      issuer.answer = () => keys;
      const fresh = createJwtAuthorizer(jwtAuthorizer(issuer.url), clock, createIssuerKeys(issuer.url, clock));
      expect(await fresh(token, []), keys).to.include({ kind: 'refused', status: 401 });
    }
  });

  it('asks an issuer by https, or on this machine', async () => {
    const asked: string[] = [];
    const fetchUrl = async (url: string) => {
      asked.push(url);
      return new Response('{}');
    };
    for (const url of [
      'https://issuer.example/pool/',
      'http://localhost:1',
      'http://issuer.example',
      'file:///etc',
      'x',
    ]) {
      await createIssuerKeys(url, clock, fetchUrl)('k1');
    }
    expect(asked).to.deep.equal([
      'https://issuer.example/pool/.well-known/openid-configuration',
      'http://localhost:1/.well-known/openid-configuration',
    ]);
  });

  it('takes whatever a client sends for a token, and puts nothing of it into headers or lines of the log', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc.record({ alg: fc.constantFrom('RS256', 'x\n"'), kid: fc.string({ unit: 'binary' }) }).map((header) => {
        return Buffer.from(JSON.stringify(header)).toString('base64url');
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        const result = await authorize(parts.join('.'), []);
        if (result.kind !== 'refused') throw new Error('a made-up token was let in');
        expect(`${result.challenge}${result.note}`).to.match(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe('claims in events', () => {
  it('are text, whatever they were (measured: lists as [a b])', () => {
    const claims = { a: 1, b: true, c: null, d: ['x', 1, ['y']], e: { f: [1] }, g: 'text' };
    expect(textClaims(claims)).to.deep.equal({
      a: '1',
      b: 'true',
      c: 'null',
      d: '[x 1 [y]]',
      e: '{"f":[1]}',
      g: 'text',
    });
  });
});
