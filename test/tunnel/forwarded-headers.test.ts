import { expect } from 'chai';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import { requestHeaders, responseHeaders } from '../../src/tunnel/forwarded-headers.ts';
import { visit } from '../support/test-edge.ts';

const ADDED: HeaderPair[] = [
  ['x-forwarded-for', '198.51.100.23'],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-host', 't.example.com'],
];

function upstreamGets(headers: HeaderPair[], prefix = '', publicUrl = 'https://t.example.com'): HeaderPair[] {
  return requestHeaders(visit('/', { headers }), prefix, { publicUrl });
}

describe('requestHeaders', () => {
  it("are the visitor's, in order and spelling, and who asked", () => {
    const headers: HeaderPair[] = [
      ['Host', 't.example.com'],
      ['X-List', 'one'],
      ['accept', '*/*'],
      ['X-List', 'two'],
    ];
    expect(upstreamGets(headers)).to.deep.equal([...headers, ...ADDED]);
  });

  it('say what was taken off the path, where something was', () => {
    expect(upstreamGets([], '/abc123def456')).to.deep.equal([...ADDED, ['x-forwarded-prefix', '/abc123def456']]);
    expect(upstreamGets([], '')).to.deep.equal(ADDED);
  });

  it("take the protocol from the public URL, for the gateway's own hop tells nothing", () => {
    expect(upstreamGets([], '', 'http://localhost:4000')).to.deep.include(['x-forwarded-proto', 'http']);
  });

  for (const name of [
    'X-Forwarded-For',
    'x-forwarded-proto',
    'X-FORWARDED-HOST',
    'x-forwarded-prefix',
    'x-forwarded-port',
    'x-forwarded-anything',
    'Forwarded',
    'X-Real-IP',
  ]) {
    it(`do not let a visitor forge ${name}`, () => {
      expect(upstreamGets([[name, 'forged']])).to.deep.equal(ADDED);
    });
  }

  for (const name of [
    'X-Amzn-Trace-Id',
    'Content-Length',
    'Transfer-Encoding',
    'TE',
    'Upgrade',
    'Keep-Alive',
    'Proxy-Authorization',
  ]) {
    it(`leave out ${name}`, () => expect(upstreamGets([[name, 'x']])).to.deep.equal(ADDED));
  }

  it('leave out what Connection names, and Connection', () => {
    const headers: HeaderPair[] = [
      ['Connection', 'close, X-Secret-Hop'],
      ['x-secret-hop', '1'],
      ['X-Other', '2'],
      ['connection', 'x-third'],
      ['X-Third', '3'],
    ];
    expect(upstreamGets(headers)).to.deep.equal([['X-Other', '2'], ...ADDED]);
  });

  it('cannot be made to leave out who asked, by naming it in Connection', () => {
    expect(upstreamGets([['connection', 'x-forwarded-for']])).to.deep.equal(ADDED);
  });
});

describe('responseHeaders (HR-11)', () => {
  it("are the upstream's, less those of the hop and the length", () => {
    const headers: HeaderPair[] = [
      ['Set-Cookie', 'a=1'],
      ['Content-Length', '7'],
      ['Transfer-Encoding', 'chunked'],
      ['Connection', 'keep-alive, x-hop'],
      ['X-Hop', '1'],
      ['Set-Cookie', 'b=2'],
      ['Content-Encoding', 'br'],
    ];
    expect(responseHeaders(headers)).to.deep.equal([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Content-Encoding', 'br'],
    ]);
  });
});
