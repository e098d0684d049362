import { expect } from 'chai';
import { allValues, forwardedHeaders, joinedValues, lastValues } from '../../../../emulator/gateway/events/headers.ts';

const FORWARDING = { sourceIp: '10.0.0.1', proto: 'https', traceId: 'Root=1-1-2', contentLength: 0 } as const;

describe('headers', () => {
  it('drops what concerns one hop and adds what the gateway knows (HA-12, HA-25)', () => {
    const raw = ['Host', 'x', 'Connection', 'keep-alive', 'TE', 'trailers', 'Expect', '100-continue', 'Upgrade', 'h2c'];
    expect(
      joinedValues(forwardedHeaders([...raw, 'Transfer-Encoding', 'chunked', 'Keep-Alive', '1'], FORWARDING)),
    ).to.deep.equal({
      host: 'x',
      'content-length': '0',
      'x-amzn-trace-id': 'Root=1-1-2',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    });
  });

  it('appends the peer to x-forwarded-for and replaces the other two (HA-14)', () => {
    const raw = [
      'X-Forwarded-For',
      '1.1.1.1',
      'x-forwarded-for',
      '2.2.2.2',
      'X-Forwarded-Proto',
      'gopher',
      'X-Forwarded-Port',
      '70',
    ];
    expect(joinedValues(forwardedHeaders(raw, FORWARDING))).to.include({
      'x-forwarded-for': '1.1.1.1, 2.2.2.2, 10.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
    });
  });

  it('joins repeated headers in 2.0, without cookies (HA-12, HA-15)', () => {
    const joined = joinedValues(forwardedHeaders(['X-A', '1', 'x-a', '2', 'Cookie', 'a=1'], FORWARDING));
    expect(joined).to.include({ 'x-a': '1,2' }).and.not.have.property('cookie');
  });

  it("keeps the client's spelling in 1.0 except for the gateway's own names (HA-13)", () => {
    const headers = forwardedHeaders(
      ['hOST', 'x', 'user-agent', 'ua', 'x-CUSTOM', '1', 'X-Custom', '2', 'accept', '*/*'],
      FORWARDING,
    );
    expect(lastValues(headers)).to.deep.equal({
      Host: 'x',
      'User-Agent': 'ua',
      'x-CUSTOM': '2',
      accept: '*/*',
      'Content-Length': '0',
      'X-Amzn-Trace-Id': 'Root=1-1-2',
      'X-Forwarded-For': '10.0.0.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
    });
    expect(allValues(headers)['x-CUSTOM']).to.deep.equal(['1', '2']);
  });

  it('gives a handshake no content-length (WS-12)', () => {
    const { contentLength: _, ...handshake } = FORWARDING;
    expect(joinedValues(forwardedHeaders([], handshake))).to.not.have.property('content-length');
  });

  it('holds names that objects have by nature', () => {
    const headers = forwardedHeaders(['__proto__', 'x', 'constructor', 'y'], FORWARDING);
    expect(Object.entries(joinedValues(headers)).slice(0, 2)).to.deep.equal([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.keys(allValues(headers))).to.include('__proto__');
  });
});
