import { expect } from 'chai';
import { requestHeaders } from '../../../agent/proxy/forwarded-headers.ts';
import { endToEnd } from '../../../src/protocol/end-to-end.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';

describe('endToEnd', () => {
  it('drops what concerns one connection, and what connection names', () => {
    const headers: HeaderPair[] = [
      ['Connection', 'keep-alive, X-Private'],
      ['Keep-Alive', 'timeout=5'],
      ['x-private', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['TE', 'trailers'],
      ['Trailer', 'x'],
      ['Upgrade', 'websocket'],
      ['Proxy-Connection', 'x'],
      ['Proxy-Authorization', 'x'],
      ['Authorization', 'kept'],
    ];
    expect(endToEnd(headers)).to.deep.equal([['Authorization', 'kept']]);
  });

  it('keeps order, case and repeats', () => {
    const headers: HeaderPair[] = [
      ['Set-Cookie', 'a=1'],
      ['X-B', '2'],
      ['Set-Cookie', 'c=3'],
      ['x-empty', ''],
    ];
    expect(endToEnd(headers)).to.deep.equal(headers);
  });

  it('spells a repeated name as it was first, so that grouping by name keeps the order of its values', () => {
    const headers: HeaderPair[] = [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'a=2'],
      ['__proto__', 'x'],
      ['Set-Cookie', 'a=3'],
    ];
    expect(endToEnd(headers)).to.deep.equal([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'a=2'],
      ['__proto__', 'x'],
      ['Set-Cookie', 'a=3'],
    ]);
  });
});

describe('requestHeaders', () => {
  const headers: HeaderPair[] = [
    ['host', 'abc.example'],
    ['content-length', '5'],
    ['expect', '100-continue'],
    ['x-forwarded-for', '192.0.2.1'],
    ['cookie', 'a=1'],
  ];

  it('passes the visitor’s host on, or what was chosen instead', () => {
    const host = (kind: 'preserve' | 'rewrite') => requestHeaders(headers, { kind }, 'localhost:3000')[0];
    expect(host('preserve')).to.deep.equal(['host', 'abc.example']);
    expect(host('rewrite')).to.deep.equal(['host', 'localhost:3000']);
    const fixed = requestHeaders(headers, { kind: 'fixed', value: 'app.test' }, 'localhost:3000')[0];
    expect(fixed).to.deep.equal(['host', 'app.test']);
  });

  it('has one host, whatever came', () => {
    const twice: HeaderPair[] = [
      ['Host', 'a'],
      ['host', 'b'],
    ];
    expect(requestHeaders(twice, { kind: 'preserve' }, 'c')).to.deep.equal([['host', 'a']]);
    expect(requestHeaders([], { kind: 'preserve' }, 'c')).to.deep.equal([['host', 'c']]);
  });

  it('gives a value a character for each byte: Latin-1 as it is, what was decoded as UTF-8', () => {
    const sent: HeaderPair[] = [
      ['x-latin1', 'gr\xfcn'],
      ['x-decoded', 'gr\xfcn €'],
    ];
    expect(requestHeaders(sent, { kind: 'preserve' }, 'c').slice(1)).to.deep.equal([
      ['x-latin1', 'gr\xfcn'],
      ['x-decoded', 'gr\xc3\xbcn \xe2\x82\xac'],
    ]);
  });

  it('drops what is written anew or long answered, and nothing else', () => {
    expect(requestHeaders(headers, { kind: 'preserve' }, 'c').slice(1)).to.deep.equal(headers.slice(3));
  });
});
