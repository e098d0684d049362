import { expect } from 'chai';
import { domainNameOf, sourceIpOf } from '../../../emulator/gateway/host.ts';

const OWN = 'abc.execute-api.us-east-1.amazonaws.com';

describe('host', () => {
  it("stands a loopback name for the API's own domain", () => {
    for (const host of [
      undefined,
      '',
      'localhost',
      'localhost:4000',
      'LOCALHOST:1',
      '127.0.0.1:4000',
      '[::1]:4000',
      '[::1]',
    ]) {
      expect(domainNameOf(host, OWN), String(host)).to.equal(OWN);
    }
  });

  it('shows any other name without its port, as a custom domain', () => {
    expect(domainNameOf('Tunnel.Example.com:443', OWN)).to.equal('tunnel.example.com');
    expect(domainNameOf('abc.localhost:4000', OWN)).to.equal('abc.localhost');
    expect(domainNameOf('[2001:db8::1]:80', OWN)).to.equal('[2001:db8::1]');
  });

  it('shows IPv4 peers as IPv4 (HA-14)', () => {
    expect(sourceIpOf('::ffff:127.0.0.1')).to.equal('127.0.0.1');
    expect(sourceIpOf('::1')).to.equal('::1');
  });
});
