import { expect } from 'chai';
import { hashes } from '../../src/adapters/system.ts';
import { admit, parseAdmission } from '../../src/tunnel/admission.ts';

const TOKEN = 'pst_4Jm2vQ8xTn0sYb6Kd1Lc9W';
const HASH = Buffer.from(hashes.sha256(TOKEN)).toString('hex');
const OTHER_HASH = Buffer.from(hashes.sha256('pst_other')).toString('hex');

function admitted(auth: string, tokens: string, authorization: string | undefined): string {
  const result = admit(authorization, parseAdmission(auth, tokens), hashes);
  return result.kind === 'refused' ? 'refused' : (result.subject ?? 'anybody');
}

describe('admission', () => {
  it('is for anybody where the stage says open', () => {
    expect(admitted('open', '', undefined)).to.equal('anybody');
    expect(admitted('open', `ada:${HASH}`, 'Bearer nonsense')).to.equal('anybody');
  });

  it('is for the holders of tokens otherwise', () => {
    expect(admitted('tokens', `ada:${HASH}`, `Bearer ${TOKEN}`)).to.equal('ada');
    expect(admitted('', `ada:${HASH}`, `Bearer ${TOKEN}`)).to.equal('ada');
  });

  it('knows several tokens, separated by commas or white space, hashes in any case', () => {
    const tokens = ` eve@ci:${OTHER_HASH},\n ada:${HASH.toUpperCase()} `;
    expect(admitted('tokens', tokens, `Bearer ${TOKEN}`)).to.equal('ada');
    expect(admitted('tokens', tokens, 'Bearer pst_other')).to.equal('eve@ci');
  });

  it('takes the scheme in any case, as RFC 9110 has it', () => {
    expect(admitted('tokens', `ada:${HASH}`, `bearer  ${TOKEN} `)).to.equal('ada');
  });

  for (const authorization of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${HASH}`,
    `Bearer ${TOKEN} x`,
  ]) {
    it(`is refused to ${JSON.stringify(authorization)}`, () => {
      expect(admitted('tokens', `ada:${HASH}`, authorization)).to.equal('refused');
    });
  }

  for (const auth of ['', 'tokens', 'Open', 'opened', 'none', 'false', ' open']) {
    it(`is refused to everybody where auth is "${auth}" and there are no tokens`, () => {
      expect(admitted(auth, '', `Bearer ${TOKEN}`)).to.equal('refused');
      expect(admitted(auth, '', undefined)).to.equal('refused');
    });
  }

  it('says for the log that a stage has no tokens at all', () => {
    const none = admit(`Bearer ${TOKEN}`, parseAdmission('tokens', ''), hashes);
    expect(none).to.deep.equal({ kind: 'refused', reason: 'this stage has no tokens in its settings' });
  });

  it('says what it did not understand, without saying the token', () => {
    const { problems } = parseAdmission('opne', `ada:${TOKEN} :${HASH} ada:${HASH}`);
    expect(problems).to.deep.equal([
      'auth "opne" is neither "open" nor "tokens"',
      'a token entry is not of the form subject:sha256hex',
      'a token entry is not of the form subject:sha256hex',
    ]);
    expect(parseAdmission('tokens', `ada:${HASH}`).problems).to.deep.equal([]);
  });

  it('lets the entries that it understands in, beside those that it does not', () => {
    expect(admitted('tokens', `broken,ada:${HASH}`, `Bearer ${TOKEN}`)).to.equal('ada');
  });
});
