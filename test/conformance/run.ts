/**
 * `npm run conformance`: runs the suite on our emulator and on serverless-offline alone, and writes emulator/CONFORMANCE.md.
 * Ends with 1 when ours fails a test, or when a behaviour that is known exactly has none.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SECTIONS } from './behaviours.ts';
import { conformanceReport, isFaithful, type Run, readRun, summary } from './report.ts';
import type { TargetName } from './target.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const SUITE = 'test/conformance/suite/**/*.test.ts';

const { results: ours, stats } = await runSuite('emulator');
const { results: peer } = await runSuite('serverless-offline');
const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/serverless-offline/package.json'), 'utf8'));
await writeFile(join(ROOT, 'emulator/CONFORMANCE.md'), conformanceReport(SECTIONS, ours, peer, String(version)));
// mocha's own counts of our emulator's run, in its own words; what the peer fails is no failure of ours.
process.stdout.write(`${summary(SECTIONS, ours, peer)}\n\n  ${stats.passes} passing\n  ${stats.failures} failing\n`);
process.exitCode = isFaithful(SECTIONS, ours) && stats.failures === 0 ? 0 : 1;

async function runSuite(target: TargetName): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-conformance-'));
  const file = join(folder, 'results.json');
  const reporter = ['--reporter', 'json', '--reporter-option', `output=${file}`];
  const child = spawn(process.execPath, [MOCHA, SUITE, ...reporter], {
    cwd: ROOT,
    env: { ...process.env, CONFORMANCE_TARGET: target },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  const run = readRun(await readFile(file, 'utf8'));
  await rm(folder, { recursive: true });
  return run;
}
