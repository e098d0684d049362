import { expect } from 'chai';
import { isFailure } from '../../../agent/cli/failure.ts';
import { runToken, tokenEntry } from '../../../agent/cli/token.ts';

describe('postern token', () => {
  it('prints a token and the entry that lets it in', () => {
    let text = '';
    expect(runToken('maria', false, { write: (part) => (text += part) })).to.equal(0);
    const token = /^ {2}([A-Za-z0-9_-]{43})$/m.exec(text)?.[1];
    expect(text).to.contain(`\n  ${tokenEntry('maria', String(token))}\n`);
  });

  it('prints one line for programs', () => {
    let text = '';
    runToken(undefined, true, { write: (part) => (text += part) });
    const line: { event: string; token: string; entry: string } = JSON.parse(text);
    expect(line.event).to.equal('token');
    expect(line.entry).to.equal(tokenEntry('agent', line.token));
  });

  it('hashes as the edge does', () => {
    const hash = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
    expect(tokenEntry('x', 'secret')).to.equal(`x:${hash}`);
  });

  for (const subject of ['', 'a:b', 'a,b', 'a b', 'x'.repeat(65)]) {
    it(`refuses the subject ${JSON.stringify(subject)}`, () => {
      expect(isFailure(runToken(subject, false, { write: () => {} }))).to.equal(true);
    });
  }
});
