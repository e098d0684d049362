import { expect } from 'chai';
import { createLog, hashes, logLevel, randomBytes } from '../../src/adapters/system.ts';
import type { LogLevel } from '../../src/tunnel/ports.ts';

describe('createLog', () => {
  function linesOf(least: LogLevel): string[] {
    const lines: string[] = [];
    const log = createLog(least, (line) => lines.push(line));
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log(level, `a line of ${level}`);
    return lines.map((line) => JSON.parse(line).level);
  }

  it('writes lines of a level and above', () => {
    expect(linesOf('debug')).to.deep.equal(['debug', 'info', 'warn', 'error']);
    expect(linesOf('info')).to.deep.equal(['info', 'warn', 'error']);
    expect(linesOf('error')).to.deep.equal(['error']);
  });

  it('writes one JSON object a line, also of text that has lines of its own', () => {
    let written = '';
    createLog('info', (line) => {
      written += line;
    })('warn', 'post failed', { message: 'first\nsecond', tunnelId: undefined, ms: 12 });
    expect(written).to.match(/^[^\n]+\n$/);
    expect(JSON.parse(written)).to.deep.equal({
      level: 'warn',
      event: 'post failed',
      message: 'first\nsecond',
      ms: 12,
    });
  });
});

describe('logLevel', () => {
  it('knows its levels in any case, and takes the rest for info', () => {
    const levels = ['debug', 'INFO', 'Warn', 'error', 'loud', '', undefined].map(logLevel);
    expect(levels).to.deep.equal(['debug', 'info', 'warn', 'error', 'info', 'info', 'info']);
  });
});

describe('hashes', () => {
  it('are SHA-256 and HMAC-SHA-256, by published vectors (FIPS 180-4, RFC 4231 case 2)', () => {
    expect(Buffer.from(hashes.sha256('abc')).toString('hex')).to.equal(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const mac = hashes.mac(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'));
    expect(Buffer.from(mac).toString('hex')).to.equal(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});

describe('randomBytes', () => {
  it('gives as many as it is asked for, other ones each time', () => {
    const two = [randomBytes(16), randomBytes(16)].map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(two[0]).to.match(/^[0-9a-f]{32}$/);
    expect(two[0]).to.not.equal(two[1]);
  });
});
