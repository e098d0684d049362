import { expect } from 'chai';
import { isLoopback, parseUpstream } from '../../../agent/proxy/upstream-address.ts';

describe('parseUpstream', () => {
  for (const [text, protocol, hostname, port, authority] of [
    ['3000', 'http:', 'localhost', 3000, 'localhost:3000'],
    ['80', 'http:', 'localhost', 80, 'localhost'],
    ['localhost:8080', 'http:', 'localhost', 8080, 'localhost:8080'],
    ['127.0.0.1:8080', 'http:', '127.0.0.1', 8080, '127.0.0.1:8080'],
    ['[::1]:8080', 'http:', '::1', 8080, '[::1]:8080'],
    ['web:80', 'http:', 'web', 80, 'web'],
    ['http://web', 'http:', 'web', 80, 'web'],
    ['http://web:3000/', 'http:', 'web', 3000, 'web:3000'],
    ['https://web.test', 'https:', 'web.test', 443, 'web.test'],
    ['HTTPS://web.test:8443', 'https:', 'web.test', 8443, 'web.test:8443'],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(parseUpstream(text)).to.deep.equal({ kind: 'address', address: { protocol, hostname, port, authority } });
    });
  }

  for (const [text, reason] of [
    ['', 'port is missing'],
    ['foo', 'port is missing'],
    ['0', 'port 0'],
    ['65536', 'no port, host:port or URL'],
    ['99999999', 'no port, host:port or URL'],
    ['-1', 'port is missing'],
    ['a b:3000', 'no port, host:port or URL'],
    ['http://web/app', 'path'],
    ['http://web/?a', 'path'],
    ['http://web#a', 'path'],
    ['localhost:3000/app', 'port is missing'],
    ['http://me:secret@web', 'credentials'],
    ['me@web:80', 'credentials'],
    ['ftp://web', 'only http'],
    ['ws://web:1', 'only http'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const parsed = parseUpstream(text);
      expect(parsed.kind === 'invalid' && parsed.problem).to.contain(reason);
    });
  }
});

describe('isLoopback', () => {
  for (const [text, expected] of [
    ['https://localhost:1', true],
    ['https://app.localhost:1', true],
    ['https://127.0.0.1:1', true],
    ['https://127.9.9.9:1', true],
    ['https://[::1]:1', true],
    ['https://localhost.example:1', false],
    ['https://127.example:1', false],
    ['https://10.0.0.1:1', false],
  ] as const) {
    it(`${text}: ${expected}`, () => {
      const parsed = parseUpstream(text);
      if (parsed.kind !== 'address') throw new Error(parsed.problem);
      expect(isLoopback(parsed.address)).to.equal(expected);
    });
  }
});
