import { expect } from 'chai';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import { mayBeStored, redirectToStored } from '../../src/tunnel/large-responses.ts';

const URL = 'https://bucket.s3.us-east-1.amazonaws.com/abc123def456/0f?X-Amz-Signature=1';

describe('what may be stored', () => {
  it('is the answer to a GET, and to nothing else', () => {
    expect(mayBeStored({ method: 'GET', headers: [['accept', '*/*']] })).to.equal(true);
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'get']) {
      expect(mayBeStored({ method, headers: [] }), method).to.equal(false);
    }
  });

  for (const name of ['Range', 'if-range', 'If-Match', 'if-unmodified-since']) {
    it(`is no answer to ${name}, which the place would judge again`, () => {
      expect(mayBeStored({ method: 'GET', headers: [[name, 'bytes=0-9']] })).to.equal(false);
    });
  }

  for (const name of ['if-none-match', 'if-modified-since', 'accept-encoding', 'cookie']) {
    it(`may answer ${name}`, () => {
      expect(mayBeStored({ method: 'GET', headers: [[name, 'x']] })).to.equal(true);
    });
  }
});

describe('the redirect to what is stored', () => {
  it('is a 302 without a body that nobody keeps', () => {
    expect(redirectToStored({ status: 200, headers: [] }, URL)).to.deep.equal({
      status: 302,
      headers: [
        ['location', URL],
        ['cache-control', 'no-store'],
      ],
      body: new Uint8Array(0),
    });
  });

  it('leaves out what describes the body, and what leads elsewhere', () => {
    const headers: HeaderPair[] = [
      ['Content-Type', 'video/mp4'],
      ['content-length', '7000000'],
      ['Content-Encoding', 'gzip'],
      ['content-disposition', 'attachment'],
      ['content-language', 'en'],
      ['Content-MD5', 'x'],
      ['content-digest', 'x'],
      ['Repr-Digest', 'x'],
      ['digest', 'x'],
      ['ETag', '"1"'],
      ['Last-Modified', 'x'],
      ['accept-ranges', 'bytes'],
      ['cache-control', 'max-age=3600'],
      ['expires', 'x'],
      ['pragma', 'cache'],
      ['age', '1'],
      ['Location', '/elsewhere'],
      ['refresh', '0; url=/elsewhere'],
    ];
    expect(redirectToStored({ status: 200, headers }, URL)?.headers).to.deep.equal([
      ['location', URL],
      ['cache-control', 'no-store'],
    ]);
  });

  it('keeps what is said of the response, repeats and order too', () => {
    const kept: HeaderPair[] = [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Access-Control-Allow-Origin', 'https://app.example'],
      ['content-security-policy', "default-src 'none'"],
      ['content-security-policy-report-only', "default-src 'none'"],
      ['x-request-id', '7'],
      ['vary', 'origin'],
      ['agent', 'no age'],
    ];
    expect(redirectToStored({ status: 200, headers: kept }, URL)?.headers.slice(0, -2)).to.deep.equal(kept);
  });

  for (const status of [201, 203, 206, 304, 404, 500]) {
    it(`is not there for a ${status}, which the visitor would never see`, () => {
      expect(redirectToStored({ status, headers: [] }, URL)).to.equal(undefined);
    });
  }
});
