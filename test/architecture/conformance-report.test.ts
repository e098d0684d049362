import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SETTINGS } from '../../emulator/settings.ts';
import { SECTIONS as ALL, type Section } from '../conformance/behaviours.ts';
import { conformanceReport, isFaithful, type Run, readRun, summary } from '../conformance/report.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

const SECTIONS: readonly Section[] = [
  {
    title: 'Some',
    behaviours: [
      { id: 'WS-01', title: 'one', confidence: 'documented', notTested: 'the half of it' },
      { id: 'WS-02', title: 'two', confidence: 'inferred', held: 'switch lever' },
      { id: 'WS-03', title: 'three', confidence: 'documented', outOfScope: 'another service' },
    ],
  },
];

function run(passes: string[], failures: string[], absences: string[] = []) {
  const failed = (title: string, message: string) => ({ title, err: { message } });
  return readRun(
    JSON.stringify({
      passes: passes.map((title) => ({ title, err: {} })),
      failures: [
        ...failures.map((title) => failed(title, 'expected')),
        ...absences.map((title) => failed(title, 'not there: DynamoDB')),
      ],
      stats: { passes: passes.length, failures: failures.length + absences.length },
    }),
  ).results;
}

describe('the page on conformance', () => {
  it('shows an id without a test as a gap, never as a pass', () => {
    const page = conformanceReport(SECTIONS, run(['WS-02 two'], []), run([], ['WS-02 two']), '1.0');

    expect(page).to.include('| WS-01 † | one | documented | gap | gap |');
    expect(page).to.include('| WS-02 | two | inferred (switch lever) | yes | **no** |');
    expect(page).to.include('| WS-03 | three | documented | out of scope: another service |  |');
    expect(page).to.include('this emulator      1 of 2');
    expect(page).to.include('without a test: WS-01');
    expect(page).to.include('|\n\n† WS-01, not tested: the half of it.\n');
  });

  it('leaves out of a count what the place has nothing of, but not where it is ours to have', () => {
    const absent = run(['WS-01 one'], [], ['WS-02 two']);
    const page = conformanceReport(SECTIONS, run(['WS-01 one', 'WS-02 two'], []), absent, '1.0');

    expect(page).to.include('| WS-02 | two | inferred (switch lever) | yes | n/a |');
    expect(page).to.include('this emulator      2 of 2');
    expect(page).to.include('serverless-offline 1 of 1');
    expect(isFaithful(SECTIONS, absent)).to.equal(false);
    expect(summary(SECTIONS, absent, absent))
      .to.include('this emulator      1 of 2')
      .and.to.include('FAILS: WS-02 two');
  });

  it('counts an id as failed when one of its tests fails', () => {
    expect(run(['WS-01 one', 'WS-01 one'], ['WS-01 one']).get('WS-01')).to.equal('fails');
    expect(run(['WS-01 one'], ['WS-01 one'], ['WS-01 one']).get('WS-01')).to.equal('fails');
  });

  it('counts every id of a setting as failed whose target does not start', async function () {
    this.timeout(60_000);
    // Pointed at an account that nobody named.
    const { results } = await runOf('test/conformance/suite/message-order.test.ts', { CONFORMANCE_TARGET: 'aws' });

    expect([...results]).to.deep.equal([
      ['WS-44', 'fails'],
      ['WS-45', 'fails'],
    ]);
  });

  it('asks for a passing test of everything that is known exactly, and for no failing one of the rest', () => {
    expect(isFaithful(SECTIONS, run(['WS-01 one'], []))).to.equal(true);
    expect(isFaithful(SECTIONS, run(['WS-02 two'], []))).to.equal(false);
    expect(isFaithful(SECTIONS, run(['WS-01 one'], ['WS-02 two']))).to.equal(false);
  });
});

describe('the list of behaviours', () => {
  const remarks = ALL.flatMap(({ behaviours }) => behaviours);

  it('says of everything that nobody is sure of what governs it', () => {
    const doubtful = remarks.filter(({ confidence }) => ['inferred', 'unknown', 'conflicting'].includes(confidence));

    expect(doubtful).not.to.deep.equal([]);
    expect(doubtful.filter(({ held }) => !held).map(({ id }) => id)).to.deep.equal([]);
  });

  it('names switches, quotas and faults that there are', () => {
    const groups = { switch: SETTINGS.switches, quota: SETTINGS.quotas, fault: SETTINGS.faults };
    const wrong = remarks.flatMap(({ id, held }) => {
      if (held === undefined || /^no switch: \S/.test(held)) return [];
      const [, kind, names = ''] = /^(switch|quota|fault) (\w+(?:, \w+)*)$/.exec(held) ?? [];
      if (kind === undefined) return [`${id}: ${held}`];
      const known = groups[kind as keyof typeof groups];
      return names.split(', ').flatMap((name) => (Object.hasOwn(known, name) ? [] : [`${id}: no ${kind} ${name}`]));
    });

    expect(wrong).to.deep.equal([]);
  });
});

async function runOf(file: string, variables: Readonly<Record<string, string>>): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-report-'));
  const output = join(folder, 'results.json');
  const { CONFORMANCE_WS_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [MOCHA, file, '--reporter', 'json', '--reporter-option', `output=${output}`], {
    cwd: ROOT,
    env: { ...env, ...variables },
    stdio: 'ignore',
  });
  await once(child, 'exit');
  const run = readRun(await readFile(output, 'utf8'));
  await rm(folder, { recursive: true });
  return run;
}
