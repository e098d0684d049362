import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('../../agent/bin.mjs', import.meta.url));
const LAUNCH = new URL('../../agent/launch.mjs', import.meta.url).href;

describe('how the agent is launched', () => {
  let bundledAgent: (words: readonly string[]) => Promise<string | undefined>;

  before(async () => {
    ({ bundledAgent } = await import(LAUNCH));
  });

  it('is from one bundle of its sources, without the emulator and without a loader of TypeScript', async () => {
    const [one, other] = await Promise.all([bundledAgent(['3000']), bundledAgent(['--version'])]);
    expect(one).to.equal(other);
    const main = readFileSync(fileURLToPath(one as string), 'utf8');
    expect(main).to.not.contain('tsx');
    expect(main).to.not.contain('startEmulator');
  });

  it('is from the sources where the emulator is asked for, which reads its own', async () => {
    expect(await bundledAgent(['dev'])).to.equal(undefined);
    expect(await bundledAgent(['--json', 'emulator'])).to.equal(undefined);
  });

  it('is the same agent either way', async () => {
    const { stdout } = await run(process.execPath, [BIN, '--help']);
    const { stdout: ofSources } = await run(process.execPath, [BIN, '--help', 'dev']);
    expect(stdout).to.match(/^postern/i);
    expect(ofSources).to.equal(stdout);
  });
});
