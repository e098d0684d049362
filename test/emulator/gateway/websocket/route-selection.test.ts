import { expect } from 'chai';
import fc from 'fast-check';
import { loadLenientReader } from '../../../../emulator/gateway/websocket/lenient-json.ts';
import { createRouteSelection } from '../../../../emulator/gateway/websocket/route-selection.ts';

const KEYS = ['$connect', '$disconnect', '$default', 'send', 'a/b', '[x, y]', '7', '__proto__'];

/** Nested deeper than any stack. */
const DEEP = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;

describe('route selection', () => {
  const select = createRouteSelection('$request.body.action', KEYS);

  it('takes the route that the message names, exactly (WS-30)', () => {
    expect(select('{"action":"send"}')).to.equal('send');
    expect(select('{"action":7}')).to.equal('7');
    expect(select('{"action":["x","y"]}')).to.equal('[x, y]');
    expect(select('{"action":"__proto__"}')).to.equal('__proto__');
  });

  it('falls back to $default (WS-30, WS-31)', () => {
    for (const body of [
      '{"action":"Send"}',
      '{}',
      '{"action":null}',
      'not json',
      '',
      '"send"',
      'null',
      '[1]',
      '{"action":{}}',
    ]) {
      expect(select(body), body).to.equal('$default');
    }
  });

  it('never runs $connect or $disconnect for a message', () => {
    expect(select('{"action":"$connect"}')).to.equal('$default');
    expect(select('{"action":"$disconnect"}')).to.equal('$default');
  });

  it('finds nothing without $default (WS-33)', () => {
    expect(createRouteSelection('$request.body.action', ['send'])('{"action":"x"}')).to.equal(undefined);
    expect(createRouteSelection('$request.body.action', ['$connect'])('{}')).to.equal(undefined);
  });

  it('evaluates nested paths, several variables and plain text (WS-30)', () => {
    expect(createRouteSelection('$request.body.x.y', KEYS)('{"x":{"y":"send"}}')).to.equal('send');
    expect(createRouteSelection('${request.body.p}/${request.body.q}', KEYS)('{"p":"a","q":"b"}')).to.equal('a/b');
    expect(createRouteSelection('send', KEYS)('{}')).to.equal('send');
    expect(createRouteSelection('$request.body.toString', KEYS)('{}')).to.equal('$default');
  });

  it('evaluates indexes, text around variables, and escaped dollars (WS-30)', () => {
    expect(createRouteSelection('$request.body.list[1].name', KEYS)('{"list":[0,{"name":"send"}]}')).to.equal('send');
    expect(createRouteSelection('a/$request.body.q', KEYS)('{"q":"b"}')).to.equal('a/b');
    expect(createRouteSelection('${request.body.p}nd', KEYS)('{"p":"se"}')).to.equal('send');
    expect(createRouteSelection('\\$default', KEYS)('{"action":"send"}')).to.equal('$default');
    expect(createRouteSelection('$request.body', ['send', '$default'])('"send"')).to.equal('send');
    expect(createRouteSelection('$request.body.list[7]', KEYS)('{"list":[]}')).to.equal('$default');
    expect(createRouteSelection('$request.body.list[0]', KEYS)('{"list":"send"}')).to.equal('$default');
  });

  it('writes arrays as API Gateway does, nested ones and empty values included (WS-30)', () => {
    const keys = ['[x, y]', '[[1, 2], true, ]', '[]', 'x-[a]-', 'true', '{"a":1}'];
    const of = (expression: string) => createRouteSelection(expression, keys);
    expect(of('$request.body.action')('{"action":["x","y"]}')).to.equal('[x, y]');
    expect(of('$request.body.action')('{"action":[[1,2],true,null]}')).to.equal('[[1, 2], true, ]');
    expect(of('$request.body.action')('{"action":[]}')).to.equal('[]');
    expect(of('${request.body.a}-${request.body.b}-${request.body.c}')('{"a":"x","b":["a"]}')).to.equal('x-[a]-');
    expect(of('$request.body.action')('{"action":true}')).to.equal('true');
    expect(of('$request.body.action')('{"action":{"a":1}}')).to.equal('{"a":1}');
  });

  it('takes a missing path for empty text, which no route is called (WS-30)', () => {
    expect(createRouteSelection('${request.body.a}${request.body.b}', KEYS)('{"b":"send"}')).to.equal('send');
    expect(createRouteSelection('$request.body.a.b.c', KEYS)('{"a":"x"}')).to.equal('$default');
    expect(createRouteSelection('$request.body.length', KEYS)('"xx"')).to.equal('$default');
  });

  it('refuses by name an expression it does not know', () => {
    for (const expression of [
      '$context.routeKey',
      '$request.header.Auth',
      '${request.querystring.x}',
      '$request.body.*',
      '$request.body..x',
      '$request.body[?(@.x)]',
      '$request.body.a[x]',
      '$',
      '${}',
    ]) {
      expect(() => createRouteSelection(expression, KEYS), expression).to.throw(expression);
    }
  });

  it('reads unquoted keys, comments and the like only where it may (WS-32)', async () => {
    const captured = '{"action":"send", body:"hello"}';
    expect(select(captured)).to.equal('$default');
    const lenient = createRouteSelection('$request.body.action', KEYS, await loadLenientReader());
    expect(lenient(captured)).to.equal('send');
    expect(lenient("{action:'send',}")).to.equal('send');
    expect(lenient('not json')).to.equal('$default');
    expect(lenient('{"action":"__proto__"}')).to.equal('__proto__');
  });

  it('gives a key there is, or none, for any text and any JSON (WS-30, WS-31)', async () => {
    const readers = [undefined, await loadLenientReader()];
    const body = fc.oneof(fc.string(), fc.json(), fc.constant('['.repeat(60_000)), fc.constant(DEEP));
    const expression = fc.constantFrom('$request.body.action', '$request.body', '${request.body.a}/${request.body[0]}');
    fc.assert(
      fc.property(body, expression, fc.constantFrom(...readers), (text, chosen, reader) => {
        const key = createRouteSelection(chosen, KEYS, reader)(text);
        expect(KEYS).to.include(key);
        expect(key).to.not.be.oneOf(['$connect', '$disconnect']);
      }),
    );
  });

  it('finds each custom key that a message names exactly, whatever it is called (WS-30)', () => {
    const keys = fc.string({ minLength: 1 }).filter((key) => !key.startsWith('$'));
    fc.assert(
      fc.property(keys, (key) => {
        expect(createRouteSelection('$request.body.action', [key])(JSON.stringify({ action: key }))).to.equal(key);
      }),
    );
  });
});
