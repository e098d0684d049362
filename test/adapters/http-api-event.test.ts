import { expect } from 'chai';
import fc from 'fast-check';
import type { HttpApiEventV1, HttpApiEventV2 } from '../../src/adapters/http-api-event.ts';
import { requestOfV1, requestOfV2 } from '../../src/adapters/http-api-event.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import { fixture } from '../support/fixtures.ts';

const v2 = fixture<HttpApiEventV2>('events/http-2.0.aws.json');
const v1 = fixture<HttpApiEventV1>('events/http-1.0.aws.json');

function headerValues(headers: readonly HeaderPair[], name: string): string[] {
  return headers.filter(([key]) => key === name).map(([, value]) => value);
}

function pathOfV2(rawPath: string): string {
  return requestOfV2({ ...v2, rawPath }).path;
}

function pathOfV1(path: string): string {
  return requestOfV1({ ...v1, path }).path;
}

describe('requestOfV2', () => {
  it('gives method, host, source address and text', () => {
    const { method, host, sourceIp, body } = requestOfV2(v2);
    expect({ method, host, sourceIp, body: Buffer.from(body).toString() }).to.deep.equal({
      method: 'POST',
      host: 'w8r2hx5t0c.execute-api.us-east-1.amazonaws.com',
      sourceIp: '198.51.100.23',
      body: 'hällo wör',
    });
  });

  it('escapes again what the gateway has decoded (HA-05)', () => {
    expect(requestOfV2(v2).path).to.equal('/abc123def456/films/caf%C3%A9%20du%20coin/50%25%20off');
    expect(pathOfV2('/id/a%b')).to.equal('/id/a%25b');
    expect(pathOfV2('/id/a?b#c')).to.equal('/id/a%3Fb%23c');
    expect(pathOfV2('/id/😀')).to.equal('/id/%F0%9F%98%80');
  });

  it("leaves alone what may stand in a path: /id//x, /id/, ;=@,:!$&'()*+~", () => {
    for (const path of ['/id//x', '/id/', '/id', "/id/;=@,:!$&'()*+~-._"]) expect(pathOfV2(path)).to.equal(path);
  });

  it('cannot tell %2F from / (HA-05): both came in as /', () => {
    expect(pathOfV2('/id/a/b')).to.equal('/id/a/b');
  });

  it('has lost what stood behind %3F (HA-06): the path it is given ends there', () => {
    expect(pathOfV2('/id/what')).to.equal('/id/what');
  });

  it('gives the query as it was written (HA-11)', () => {
    expect(requestOfV2(v2).query).to.equal('q=a%20b&q=c+d&empty=&plus=%2B');
  });

  it('cannot part headers that were joined with a comma (HA-12)', () => {
    expect(headerValues(requestOfV2(v2).headers, 'x-list')).to.deep.equal(['one,two']);
  });

  it('joins the cookies to one header again (HA-15)', () => {
    expect(headerValues(requestOfV2(v2).headers, 'cookie')).to.deep.equal(['theme=dark; sid=7f3a']);
  });

  it('has no cookie header where there was none', () => {
    const binary = fixture<HttpApiEventV2>('events/http-2.0-binary.aws.json');
    expect(headerValues(requestOfV2(binary).headers, 'cookie')).to.deep.equal([]);
  });

  it('decodes base64 where the event says so, whatever the content type (HA-16)', () => {
    const binary = fixture<HttpApiEventV2>('events/http-2.0-binary.aws.json');
    expect([...requestOfV2(binary).body]).to.deep.equal([0, 255, 128, 254, 1, 2]);
    expect(Buffer.from(requestOfV2({ ...binary, isBase64Encoded: false }).body).toString()).to.equal('AP+A/gEC');
  });

  it('has an empty body where the key is absent (HA-17)', () => {
    expect(requestOfV2(fixture<HttpApiEventV2>('events/http-2.0-named-stage.aws.json')).body).to.have.lengthOf(0);
  });

  it('takes a named stage off the path, and nothing that only begins like it (HA-09)', () => {
    const named = fixture<HttpApiEventV2>('events/http-2.0-named-stage.aws.json');
    const paths = ['/prod/id/x', '/prod', '/prod/', '/production/x', '/id/prod/x'].map(
      (rawPath) => requestOfV2({ ...named, rawPath }).path,
    );
    expect(paths).to.deep.equal(['/id/x', '/', '/', '/production/x', '/id/prod/x']);
  });

  it("reads the story's example", () => {
    const { method, path, host } = requestOfV2(fixture<HttpApiEventV2>('events/http-2.0.story.json'));
    expect({ method, path, host }).to.deep.equal({
      method: 'GET',
      path: '/abc123/api/users',
      host: 'tunnel.example.com',
    });
  });
});

describe('requestOfV1', () => {
  it('gives method, host, source address and bytes', () => {
    const { method, host, sourceIp, body } = requestOfV1(v1);
    expect({ method, host, sourceIp, body: Buffer.from(body).toString() }).to.deep.equal({
      method: 'POST',
      host: 'w8r2hx5t0c.execute-api.us-east-1.amazonaws.com',
      sourceIp: '198.51.100.23',
      body: 'a=1',
    });
  });

  it('keeps the escapes of the path, %2F among them (HA-07)', () => {
    expect(requestOfV1(v1).path).to.equal('/abc123def456/films/caf%C3%A9%20du%20coin/a%2Fb');
    expect(pathOfV1('/id/%3f%3F')).to.equal('/id/%3f%3F');
  });

  it('keeps what a visitor should have escaped and has not, as browsers do', () => {
    expect(pathOfV1('/id/[slug]/{id}|x^y`"<z>')).to.equal('/id/[slug]/{id}|x^y`"<z>');
  });

  it('escapes what could not have come by a request line, should the path be decoded after all (HA-07)', () => {
    expect(pathOfV1('/id/a b/50% off/é?x#y')).to.equal('/id/a%20b/50%25%20off/%C3%A9%3Fx%23y');
  });

  it('writes the query anew (HA-11): the same values, one name together, + as %20', () => {
    expect(requestOfV1(v1).query).to.equal('q=a%20b&q=c%20d&empty=&plus=%2B');
  });

  it('knows the last value of each parameter where the event has no others (HA-11)', () => {
    const { query } = requestOfV1({ ...v1, multiValueQueryStringParameters: null });
    expect(query).to.equal('q=c%20d&empty=&plus=%2B');
  });

  it('keeps repeated headers apart, and their spelling (HA-13)', () => {
    const { headers } = requestOfV1(v1);
    expect(headerValues(headers, 'X-List')).to.deep.equal(['one', 'two']);
    expect(headerValues(headers, 'Cookie')).to.deep.equal(['theme=dark; sid=7f3a']);
  });

  it('takes the single headers where the event has no others', () => {
    const { headers } = requestOfV1({ ...v1, multiValueHeaders: null });
    expect(headerValues(headers, 'X-List')).to.deep.equal(['two']);
    expect(requestOfV1({ ...v1, multiValueHeaders: null, headers: null }).headers).to.deep.equal([]);
  });

  it('has no query and no body where the event says null (HA-17)', () => {
    const { query, body, path } = requestOfV1(fixture<HttpApiEventV1>('events/http-1.0-minimal.aws.json'));
    expect({ query, bytes: body.length, path }).to.deep.equal({ query: '', bytes: 0, path: '/abc123def456' });
  });

  it("reads the story's example", () => {
    const { method, path, host } = requestOfV1(fixture<HttpApiEventV1>('events/http-1.0.story.json'));
    expect({ method, path, host }).to.deep.equal({
      method: 'GET',
      path: '/abc123/api/users',
      host: 'tunnel.example.com',
    });
  });
});

describe('a path of either format', () => {
  const anyPath = fc.string({ unit: fc.oneof(fc.constantFrom('/', '%', '%2F', '?', '\ud800'), fc.string()) });

  const sentPath = fc.string({
    unit: fc.constantFrom('/', 'a', '.', '~', '+', ':', '@', '[', '|', '"', '%2F', '%3f', '%25', '%C3%A9'),
  });

  it('comes out as a request line can carry it', () => {
    fc.assert(
      fc.property(anyPath, (rest) => {
        expect(pathOfV2(`/${rest}`)).to.match(/^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/);
        expect(pathOfV1(`/${rest}`)).to.match(/^\/(?:(?![?#%])[\x21-\x7e]|%[0-9A-Fa-f]{2})*$/);
      }),
    );
  });

  it('means in 2.0 what the gateway decoded, whole characters given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (rest) => {
        expect(decodeURIComponent(pathOfV2(`/${rest}`))).to.equal(`/${rest}`);
      }),
    );
  });

  it('is in 1.0 the one the visitor sent', () => {
    fc.assert(
      fc.property(sentPath, (path) => {
        expect(pathOfV1(`/${path}`)).to.equal(`/${path}`);
      }),
    );
  });
});
