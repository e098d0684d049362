import { expect } from 'chai';
import fc from 'fast-check';
import { identify } from '../../../emulator/iam/signature.ts';
import { arrived, FN, judge, NOW, STORE, sdkSigner, type Unsigned } from './signers.ts';

const HOST = 'abc123.execute-api.us-east-1.amazonaws.com';
const POST: Unsigned = {
  method: 'POST',
  path: '/dev/@connections/PJqB0fHsqRcCHlw%3D',
  query: {},
  headers: { host: HOST, 'content-type': 'application/octet-stream' },
  body: 'hello',
};
const credentials = STORE.ofFunction(FN);

/** Signed at NOW by the SDK; `change` alters what was signed. */
async function signed(change: (request: Unsigned) => Unsigned = (request) => request, base = POST, signingDate = NOW) {
  const signer = await sdkSigner(credentials);
  return arrived(change(await signer.sign(base, { signingDate: new Date(signingDate) })));
}

function header(name: string, value: string) {
  return (request: Unsigned): Unsigned => ({ ...request, headers: { ...request.headers, [name]: value } });
}

async function refusal(request: Parameters<typeof judge>[0] | Promise<Parameters<typeof judge>[0]>, options = {}) {
  const who = judge(await request, options);
  return who.kind === 'refused' ? `${who.errorType}: ${who.message}` : who.kind;
}

const MISMATCH = 'InvalidSignatureException: The request signature we calculated does not match';

describe('identify (MG-03)', () => {
  it('agrees with the examples that AWS publishes', () => {
    const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
    const principal = { arn: 'arn:aws:iam::123456789012:user/example' };
    const known = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, principal };
    const store = { find: () => known, ofFunction: () => known };
    const now = Date.parse('2015-08-30T12:36:00Z');
    const scope = (service: string) =>
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request`;
    const date = { 'x-amz-date': '20150830T123600Z' };
    const vanilla = {
      method: 'GET',
      path: '/',
      query: '',
      headers: {
        host: 'example.amazonaws.com',
        ...date,
        authorization: `${scope('service')}, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31`,
      },
      body: new Uint8Array(),
    };
    const listUsers = {
      ...vanilla,
      query: 'Action=ListUsers&Version=2010-05-08',
      headers: {
        host: 'iam.amazonaws.com',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        ...date,
        authorization: `${scope('iam')}, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7`,
      },
    };
    const options = { credentials: store, region: 'us-east-1', now };
    expect(identify(vanilla, { ...options, service: 'service' })).to.deep.equal({ kind: 'identified', principal });
    expect(identify(listUsers, { ...options, service: 'iam' })).to.deep.equal({ kind: 'identified', principal });
  });

  it('knows whoever the SDK signs for, whatever the request holds', async () => {
    const signer = await sdkSigner(credentials);
    const segment = fc.oneof(
      fc.constantFrom('', '.', '..', '@connections', 'a%3D', '%2F', 'x~y', "!'()*", '%e2%82%ac', 'a+b', 'a b', 'ü'),
      fc.string({ unit: 'grapheme-ascii', maxLength: 8 }).map((text) => text.replace(/[?#]/g, '')),
    );
    const text = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constant('+ &='),
    );
    const query = fc.dictionary(
      text.filter((name) => name !== '' && !/^x-amz-/i.test(name)),
      fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
      {
        maxKeys: 5,
        noNullPrototype: true,
      },
    );
    const value = fc.string({ unit: fc.constantFrom('a', 'Z', '0', ' ', '  ', '\t', ',', 'é', '"'), maxLength: 10 });
    const headers = fc.dictionary(
      fc.constantFrom('x-amz-meta-a', 'x-b', 'content-type', 'X-Mixed', 'accept', 'user-agent'),
      value,
      { noNullPrototype: true },
    );
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'),
      path: fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
      query,
      headers: headers.map((others) => ({ host: HOST, ...others })),
      body: fc.string({ unit: 'grapheme', maxLength: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(request, fc.boolean(), async (unsigned, inQuery) => {
        const options = { signingDate: new Date(NOW), expiresIn: 60 };
        const request = arrived(await (inQuery ? signer.presign(unsigned, options) : signer.sign(unsigned, options)));
        expect(await refusal(request)).to.equal('identified');
        const changed = { ...request, path: `${request.path}/more` };
        expect(await refusal(changed)).to.include(MISMATCH);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever comes', async () => {
    const good = await signed();
    const fields = fc.constantFrom(
      'AWS4-HMAC-SHA256',
      'Credential=',
      'SignedHeaders=',
      'Signature=',
      ',',
      ' ',
      '=',
      ';',
      '/',
      'host',
      'constructor',
      '__proto__',
      'ü',
      `${credentials.accessKeyId}/20260301/us-east-1/execute-api/aws4_request`,
      '\ud800',
      '',
    );
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fields, { maxLength: 14 }).map((parts) => parts.join('')),
    );
    const mutated = fc.record({
      headers: fc.dictionary(
        fc.constantFrom('authorization', 'x-amz-date', 'date', 'host', 'x-amz-content-sha256', 'x-amz-security-token'),
        fc.oneof(garbage, fc.array(garbage, { maxLength: 3 })),
        { noNullPrototype: true },
      ),
      path: garbage,
      query: fc.oneof(
        garbage,
        fc
          .array(
            fc.tuple(
              fc.constantFrom(
                'X-Amz-Algorithm',
                'X-Amz-Credential',
                'X-Amz-Date',
                'X-Amz-Expires',
                'X-Amz-SignedHeaders',
                'X-Amz-Signature',
                '%',
                '%zz',
              ),
              garbage,
            ),
          )
          .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&')),
      ),
    });
    fc.assert(
      fc.property(mutated, fc.constantFrom('dynamodb', 'execute-api'), ({ headers, path, query }, service) => {
        const request = { ...good, path, query, headers: { ...good.headers, ...headers } };
        if (headers.authorization === undefined) return;
        expect(judge(request, { service }).kind).to.equal('refused');
      }),
      { numRuns: 1_000 },
    );
    // As many characters as a signature, but not as many bytes.
    const wide = {
      ...good.headers,
      authorization: String(good.headers.authorization).replace(/Signature=.*/, `Signature=${'é'.repeat(64)}`),
    };
    expect(await refusal({ ...good, headers: wide })).to.include(MISMATCH);
    const inherited = {
      ...good.headers,
      authorization: String(good.headers.authorization).replace(
        /SignedHeaders=[^,]*/,
        'SignedHeaders=constructor;host',
      ),
    };
    expect(await refusal({ ...good, headers: inherited })).to.include(MISMATCH);
  });

  it('takes the host with the port or without it', async () => {
    const local = { ...POST, headers: { ...POST.headers, host: 'localhost:4001' } };
    expect(await refusal(signed(undefined, local))).to.equal('identified');
    const bare = { ...POST, headers: { ...POST.headers, host: 'localhost' } };
    expect(await refusal(signed(header('host', 'localhost:4001'), bare))).to.equal('identified');
    expect(await refusal(signed(header('host', 'example.com'), bare))).to.include(MISMATCH);
  });

  it('refuses what was changed after signing', async () => {
    for (const change of [
      (request: Unsigned) => ({ ...request, method: 'DELETE' }),
      (request: Unsigned) => ({ ...request, path: '/dev/@connections/PJqB0fHsqRcCHlx%3D' }),
      (request: Unsigned) => ({ ...request, query: { a: 'b' } }),
      (request: Unsigned) => ({ ...request, body: 'hallo' }),
      header('content-type', 'text/plain'),
    ]) {
      expect(await refusal(signed(change))).to.include(MISMATCH);
    }
    const double = (request: Unsigned) => ({ ...request, path: '/dev/@connections/PJqB0fHsqRcCHlw%253D' });
    expect(await refusal(signed(double)), 'an id encoded twice').to.include(MISMATCH);
  });

  it('holds the body’s hash against the body', async () => {
    const named = (hash: string) => ({ ...POST, headers: { ...POST.headers, 'x-amz-content-sha256': hash } });
    const unsigned = await signed(undefined, named('UNSIGNED-PAYLOAD'));
    expect(await refusal(unsigned)).to.include(MISMATCH);
    expect(await refusal(unsigned, { unsignedPayload: true })).to.equal('identified');
    expect(await refusal(signed(undefined, named('0'.repeat(64))))).to.include(MISMATCH);
  });

  it('knows repeated headers that were signed', async () => {
    const twice = await signed(undefined, { ...POST, headers: { ...POST.headers, 'x-b': 'one,two' } });
    expect(await refusal({ ...twice, headers: { ...twice.headers, 'x-b': [' one', 'two '] } })).to.equal('identified');
    const authorization = [String(twice.headers.authorization), String(twice.headers.authorization)];
    expect(await refusal({ ...twice, headers: { ...twice.headers, authorization } })).to.not.equal('identified');
  });

  it('tells apart what is missing, broken and of another scheme, in the words of each service', async () => {
    const good = await signed();
    const withHeader = (authorization: string | undefined, more = {}) => ({
      ...good,
      headers: { host: HOST, authorization, ...more },
    });
    expect(await refusal(withHeader(undefined))).to.equal(
      'MissingAuthenticationTokenException: Missing Authentication Token',
    );
    const dynamodb = { service: 'dynamodb' };
    const missing = 'MissingAuthenticationTokenException: Request is missing Authentication Token';
    expect(await refusal(withHeader(undefined), dynamodb)).to.equal(missing);
    expect(await refusal(withHeader('Bearer x'), dynamodb)).to.equal(missing);
    expect(await refusal(withHeader('Bearer x'))).to.equal(
      "IncompleteSignatureException: 'Bearer' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer x'.",
    );
    expect(await refusal(withHeader('AWS4-HMAC-SHA256 Signature=b'))).to.equal(
      "IncompleteSignatureException: Authorization header requires 'Credential' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a " +
        "'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Signature=b",
    );
    const date = { 'x-amz-date': '20260301T120000Z' };
    const fields = (credential: string) => `Credential=${credential}, SignedHeaders=host, Signature=0`;
    expect(await refusal(withHeader(`AWS4-HMAC-SHA25 ${fields('a/b/c/d/e')}`, date))).to.include(
      "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25'",
    );
    expect(await refusal(withHeader(`AWS4-HMAC-SHA256 ${fields('a/b/c/d')}`, date))).to.include(
      'exactly 5 slash-delimited elements',
    );
    expect(
      await refusal(withHeader(`AWS4-HMAC-SHA256 ${fields('a/b/c/d/e')}`, { 'x-amz-date': 'yesterday' })),
    ).to.include("Date must be in ISO-8601 'basic format'. Got 'yesterday'");
    expect(await refusal(withHeader(`AWS4-HMAC-SHA256 ${fields('a/b/c/d/e')}`, date))).to.equal(
      "InvalidSignatureException: Credential should be scoped to a valid region, not 'c'. " +
        "Credential should be scoped to correct service: 'execute-api'. " +
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. " +
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20260301', from '20260301T120000Z'.",
    );
    const noHost = 'Credential=a/b/c/d/e, SignedHeaders=accept, Signature=0';
    expect(await refusal(withHeader(`AWS4-HMAC-SHA256 ${noHost}`, date))).to.include("'Host' must be a 'SignedHeader'");
    expect(await refusal({ ...good, query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256' })).to.include(
      "Found both 'X-Amz-Algorithm'",
    );
    expect(await refusal({ ...withHeader(undefined), query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256' })).to.include(
      "must include 'X-Amz-Credential'",
    );
  });

  it('takes commas, spaces or both between the fields, and a Date header', async () => {
    const good = await signed();
    const authorization = String(good.headers.authorization);
    for (const between of [',', ' ', ' ,  ']) {
      const headers = { ...good.headers, authorization: authorization.replace(/, /g, between) };
      expect(await refusal({ ...good, headers })).to.equal('identified');
    }
    // The SDK signs x-amz-date, so leaving it out can only be seen to be understood, not to fit.
    const { 'x-amz-date': _, ...others } = good.headers;
    const dated = { ...others, date: 'Sun, 01 Mar 2026 12:00:00 GMT' };
    expect(await refusal({ ...good, headers: dated })).to.include(MISMATCH);
  });

  it('lets signatures be minutes old, and links as old as they say', async () => {
    const minutes = (count: number) => NOW + count * 60_000;
    const now = await signed();
    expect(await refusal(now, { now: minutes(5) })).to.equal('identified');
    expect(await refusal(now, { now: minutes(6) })).to.equal(
      'InvalidSignatureException: Signature expired: 20260301T120000Z is now earlier than 20260301T120100Z (20260301T120600Z - 5 min.)',
    );
    expect(await refusal(now, { now: minutes(-6) })).to.equal(
      'InvalidSignatureException: Signature not yet current: 20260301T120000Z is still later than 20260301T115900Z (20260301T115400Z + 5 min.)',
    );
    expect(await refusal(now, { now: minutes(14), service: 'dynamodb' })).to.include('correct service');
    expect(await refusal(now, { now: minutes(16), service: 'dynamodb' })).to.include('- 15 min.)');
    const signer = await sdkSigner(credentials);
    const link = arrived(
      await signer.presign({ ...POST, headers: { host: HOST } }, { signingDate: new Date(NOW), expiresIn: 60 }),
    );
    expect(await refusal(link, { now: NOW + 60_000 })).to.equal('identified');
    expect(await refusal(link, { now: NOW + 61_000 })).to.include('Signature expired');
    expect(await refusal({ ...link, query: link.query.replace('Expires=60', 'Expires=604801') })).to.include(
      'X-Amz-Expires must be',
    );
  });

  it('knows no other keys, tokens, regions and services', async () => {
    const UNRECOGNIZED = 'UnrecognizedClientException: The security token included in the request is invalid.';
    const as = async (given: Parameters<typeof sdkSigner>[0], region?: string) =>
      refusal(arrived(await (await sdkSigner(given, region)).sign(POST, { signingDate: new Date(NOW) })));
    const { accessKeyId, secretAccessKey } = credentials;
    expect(await as({ accessKeyId: 'AKIANOBODY', secretAccessKey })).to.equal(UNRECOGNIZED);
    expect(await as({ accessKeyId, secretAccessKey }), 'no token').to.equal(UNRECOGNIZED);
    expect(await as({ accessKeyId, secretAccessKey, sessionToken: 'another' })).to.equal(UNRECOGNIZED);
    expect(await as({ ...credentials, secretAccessKey: 'guessed' })).to.include(MISMATCH);
    expect(await as(credentials, 'eu-west-1')).to.include("scoped to a valid region, not 'eu-west-1'");
    expect(await refusal(signed(), { service: 'lambda' })).to.include("correct service: 'lambda'");
  });
});
