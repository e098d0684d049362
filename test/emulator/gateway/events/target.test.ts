import { expect } from 'chai';
import fc from 'fast-check';
import { decodedPath, parseQuery, parseTarget, percentDecode } from '../../../../emulator/gateway/events/target.ts';

describe('target', () => {
  it('is cut at the first ? and otherwise left alone (HA-08, HA-11)', () => {
    expect(parseTarget('/a/../b//c%2F?x=1?y=2')).to.deep.equal({ path: '/a/../b//c%2F', query: 'x=1?y=2' });
    expect(parseTarget('//host/x')).to.deep.equal({ path: '//host/x', query: '' });
    expect(parseTarget('/')).to.deep.equal({ path: '/', query: '' });
    expect(parseTarget('/?')).to.deep.equal({ path: '/', query: '' });
  });

  it('loses the origin of the absolute form', () => {
    expect(parseTarget('http://example.com:80/a?b')).to.deep.equal({ path: '/a', query: 'b' });
    expect(parseTarget('HTTP://example.com?b')).to.deep.equal({ path: '/', query: 'b' });
    expect(parseTarget('*')).to.deep.equal({ path: '/*', query: '' });
  });

  it('decodes a path as HTTP APIs do (HA-05, HA-06)', () => {
    expect(decodedPath('/capture/space%20value', 'once')).to.equal('/capture/space value');
    expect(decodedPath('/%40id%2Fassets%2Frsf0.js%23x', 'once')).to.equal('/@id/assets/rsf0.js#x');
    expect(decodedPath('/a%3Fb/c', 'once')).to.equal('/a');
    expect(decodedPath('/gr%C3%BC%C3%9Fe', 'once')).to.equal('/grüße');
    expect(decodedPath('/twice%252Fdone', 'once')).to.equal('/twice%2Fdone');
  });

  it('decodes twice, cuts at ? in between, and refuses what is no escape then, as recorded (HA-05, HA-06)', () => {
    for (const [sent, seen] of [
      ['/space%20value', '/space value'],
      ['/question%3Fvalue', '/question'],
      ['/percent%25done', undefined],
      ['/slash%2Fvalue', '/slash/value'],
      ['/unicode-%CE%BB-%E4%B8%96', '/unicode-λ-世'],
      ['/literal%252Fvalue', '/literal/value'],
      ['/literal%253Fvalue', '/literal?value'],
      ['/literal%2525value', '/literal%value'],
    ] as const) {
      expect(decodedPath(sent, 'twice'), sent).to.equal(seen);
    }
  });

  it('leaves what is no escape, and never throws', () => {
    expect(percentDecode('100%')).to.equal('100%');
    expect(percentDecode('%zz%4')).to.equal('%zz%4');
    expect(percentDecode('%ff')).to.equal('\ufffd');
  });

  it('decodes whatever was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(percentDecode(encodeURIComponent(text))).to.equal(text);
      }),
    );
  });

  it('parses a query with its repeated and empty values in order (HA-11)', () => {
    expect([...parseQuery('b=2&a=1+1&a=%2B&c=&d&&e=%20&__proto__=x')]).to.deep.equal([
      ['b', ['2']],
      ['a', ['1 1', '+']],
      ['c', ['']],
      ['d', ['']],
      ['e', [' ']],
      ['__proto__', ['x']],
    ]);
    expect(parseQuery('').size).to.equal(0);
  });

  it('parses any query that URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))), (pairs) => {
        const parsed = parseQuery(new URLSearchParams(pairs).toString());
        for (const [name] of pairs) {
          expect(parsed.get(name)).to.deep.equal(pairs.filter(([other]) => other === name).map(([, value]) => value));
        }
      }),
    );
  });
});
