import { expect } from 'chai';
import { nearestWord } from '../../../agent/cli/nearest-word.ts';

describe('nearestWord', () => {
  const KNOWN = ['upstream', 'endpoint', 'token', 'tunnel-id', 'host-header', 'connect-timeout', 'request-timeout'];

  for (const [word, meant] of [
    ['upsteam', 'upstream'],
    ['upstraem', 'upstream'],
    ['upstreams', 'upstream'],
    ['Endpoint', 'endpoint'],
    ['tunnelId', 'tunnel-id'],
    ['tunnel_id', 'tunnel-id'],
    ['toekn', 'token'],
    ['requets-timeuot', 'request-timeout'],
    ['host', 'host-header'],
    ['timeout', undefined],
    ['banana', undefined],
    ['id', undefined],
    ['', undefined],
  ] as const) {
    it(`takes ${JSON.stringify(word)} for ${meant ?? 'none of them'}`, () => {
      expect(nearestWord(word, KNOWN)).to.equal(meant);
    });
  }

  it('allows short words one mistake', () => {
    expect(nearestWord('wbe', ['web', 'api'])).to.equal('web');
    expect(nearestWord('wxy', ['web', 'api'])).to.equal(undefined);
  });

  it('does not choose among several that begin so', () => {
    expect(nearestWord('request', ['request-timeout', 'request-limit'])).to.equal(undefined);
  });
});
