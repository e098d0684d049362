import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { agentKeyFile, loadAgentKey } from '../../../agent/cli/agent-key.ts';

describe('agentKeyFile', () => {
  it('is where the person says, else in their configuration', () => {
    const env = { POSTERN_KEY_FILE: '/k', XDG_CONFIG_HOME: '/x', HOME: '/h' };
    expect(agentKeyFile(env)).to.equal('/k');
    expect(agentKeyFile({ ...env, POSTERN_KEY_FILE: '' })).to.equal('/x/postern/key');
    expect(agentKeyFile({ HOME: '/h' })).to.equal('/h/.config/postern/key');
  });
});

describe('loadAgentKey', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a key once, for its owner alone, and leaves nothing else behind', () => {
    const file = join(folder, 'a', 'b', 'key');
    const made = loadAgentKey(file);
    expect(made.key).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(made.problem).to.equal(undefined);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(dirname(file))).to.deep.equal(['key']);
    expect(loadAgentKey(file)).to.deep.equal(made);
  });

  it('goes on with a key for this run where none can be kept', () => {
    writeFileSync(join(folder, 'file'), '');
    const { key, problem } = loadAgentKey(join(folder, 'file', 'key'));
    expect(key).to.match(/^[A-Za-z0-9_-]{43}$/);
    expect(problem).to.contain(join(folder, 'file', 'key'));
  });

  it('never overwrites what is no key', () => {
    const file = join(folder, 'key');
    writeFileSync(file, 'precious');
    chmodSync(file, 0o600);
    expect(loadAgentKey(file).problem).to.contain('no agent key');
    expect(readFileSync(file, 'utf8')).to.equal('precious');
  });
});
