import { expect } from 'chai';
import { readIdentitySource } from '../../../../emulator/gateway/authorizers/identity-sources.ts';

const REQUEST = {
  headers: [
    { name: 'X-Token', key: 'x-token', value: 'a' },
    { name: 'x-token', key: 'x-token', value: 'b' },
  ],
  query: new Map([['q', ['1', '2']]]),
  context: { routeKey: 'GET /x', identity: { sourceIp: '1.2.3.4' }, timeEpoch: 7 },
  stageVariables: { color: 'blue' },
};

const sourceValue = (expression: string) => readIdentitySource(expression)?.(REQUEST);

describe('identity sources (WS-15)', () => {
  it('of HTTP APIs', () => {
    expect(sourceValue('$request.header.X-TOKEN')).to.equal('a,b');
    expect(sourceValue('$request.querystring.q')).to.equal('1,2');
    expect(sourceValue('$request.querystring.Q')).to.equal('');
    expect(sourceValue('$context.routeKey')).to.equal('GET /x');
    expect(sourceValue('$context.identity.sourceIp')).to.equal('1.2.3.4');
    expect(sourceValue('$context.timeEpoch')).to.equal('7');
    expect(sourceValue('$stageVariables.color')).to.equal('blue');
  });

  it('of WebSocket APIs', () => {
    expect(sourceValue('route.request.header.x-Token')).to.equal('b');
    expect(sourceValue('route.request.querystring.q')).to.equal('2');
    expect(sourceValue('context.identity.sourceIp')).to.equal('1.2.3.4');
    expect(sourceValue('stageVariables.color')).to.equal('blue');
  });

  it('give nothing for what is not there, or no text', () => {
    for (const name of ['identity', 'identity.sourceIp.length', 'constructor', '__proto__', 'nothing']) {
      expect(sourceValue(`$context.${name}`), name).to.equal('');
    }
    expect(sourceValue('$request.header.none')).to.equal('');
    expect(sourceValue('$stageVariables.toString')).to.equal('');
  });

  it('are no others', () => {
    for (const expression of ['', 'x', '$request.body.a', 'request.header.a', '$route.request.header.a', '$context.']) {
      expect(readIdentitySource(expression), expression).to.equal(undefined);
    }
  });
});
