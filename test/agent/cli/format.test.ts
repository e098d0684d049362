import { expect } from 'chai';
import { createPaint, formatBytes, formatMs, formatTime, printable } from '../../../agent/cli/format.ts';

describe('format', () => {
  it('times', () => {
    expect([0, 12.4, 999, 1_000, 1_260, 9_949, 12_345].map(formatMs)).to.deep.equal([
      ...['0 ms', '12 ms', '999 ms', '1.0 s', '1.3 s', '9.9 s', '12 s'],
    ]);
    expect(formatTime(new Date(2024, 0, 1, 4, 5, 6))).to.equal('04:05:06');
  });

  it('sizes', () => {
    const sizes = [0, 999, 1_000, 1_234, 4_000_000];
    expect(sizes.map(formatBytes)).to.deep.equal(['0 B', '999 B', '1.0 KB', '1.2 KB', '4.0 MB']);
  });

  it('makes texts of strangers harmless', () => {
    expect(printable('/a\x1b[2J\r\n\x07\u009b\u202eb é 漢')).to.equal('/a?[2J?????b é 漢');
  });

  it('colours where asked to', () => {
    expect(createPaint(true).red('x')).to.equal('\x1b[31mx\x1b[39m');
    expect(createPaint(false).red('x')).to.equal('x');
  });
});
