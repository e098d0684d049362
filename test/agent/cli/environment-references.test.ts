import { expect } from 'chai';
import { expandReferences } from '../../../agent/cli/environment-references.ts';

describe('expandReferences', () => {
  const ENV = { HOST: 'example.test', EMPTY: '', TRICKY: '${HOST} $& $$' };

  for (const [text, expected, referred] of [
    ['plain', 'plain', false],
    ['', '', false],
    ['${HOST}', 'example.test', true],
    ['wss://${HOST}/dev?x=${HOST}', 'wss://example.test/dev?x=example.test', true],
    ['${NONE:-other}', 'other', true],
    ['${EMPTY:-other}', 'other', true],
    ['${HOST:-other}', 'example.test', true],
    ['${NONE:-}', '', true],
    ['${NONE:-ws://localhost:4001/dev}', 'ws://localhost:4001/dev', true],
    ['$$', '$', false],
    ['$${HOST}', '${HOST}', false],
    ['$$${HOST}', '$example.test', true],
    ['${TRICKY}', '${HOST} $& $$', true],
  ] as const) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(text)}`, () => {
      expect(expandReferences(text, ENV)).to.deep.equal({ kind: 'text', text: expected, referred });
    });
  }

  it('names every variable that is unset or empty', () => {
    expect(expandReferences('${A}-${HOST}-${EMPTY}', ENV)).to.deep.equal({ kind: 'unset', variables: ['A', 'EMPTY'] });
  });

  for (const text of ['$', '$HOST', 'a$b', '${HOST', '${}', '${1A}', '${HOST:other}', '${A:-${HOST}}', '${A B}']) {
    it(`does not guess what ${text} means`, () => {
      expect(expandReferences(text, ENV)).to.deep.equal({ kind: 'malformed' });
    });
  }
});
