import { expect } from 'chai';
import { createRouteSelection } from '../../../../emulator/gateway/websocket/route-selection.ts';

const KEYS = ['$connect', '$disconnect', '$default', 'send', 'a/b', '[x, y]', '7', '__proto__'];

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

  it('refuses by name an expression it does not know', () => {
    expect(() => createRouteSelection('$context.routeKey', KEYS)).to.throw('$context.routeKey');
  });
});
