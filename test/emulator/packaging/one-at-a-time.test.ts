import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { oneAtATime } from '../../../emulator/packaging/one-at-a-time.ts';

describe('oneAtATime', () => {
  let folder: string;
  let lock: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
    lock = join(folder, 'lock');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('lets the second begin when the first has ended, also by an error', async () => {
    const seen: string[] = [];
    const work = (name: string, ends: () => string) =>
      oneAtATime(lock, async () => {
        seen.push(`${name} begins`);
        await setTimeout(20);
        seen.push(`${name} ends`);
        return ends();
      });
    const failing = work('first', () => {
      throw new Error('no');
    }).catch((error: Error) => error.message);
    expect(await Promise.all([failing, work('second', () => 'yes')])).to.deep.equal(['no', 'yes']);
    expect(seen).to.deep.equal(['first begins', 'first ends', 'second begins', 'second ends']);
    expect(existsSync(lock)).to.equal(false);
  });

  it('waits for a process that runs, and not for one that was killed', async () => {
    writeFileSync(lock, String(process.ppid));
    let begun = false;
    const waiting = oneAtATime(lock, async () => {
      begun = true;
    });
    await setTimeout(150);
    expect(begun).to.equal(false);
    writeFileSync(lock, String(spawnSync(process.execPath, ['--version']).pid));
    await waiting;
    expect(begun).to.equal(true);
  });

  it('is taken over by one of all who find that its process was killed', async () => {
    const killed = String(spawnSync(process.execPath, ['--version']).pid);
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(lock, killed);
      let inside = 0;
      const work = async () => {
        inside += 1;
        expect(inside).to.equal(1);
        await setTimeout(1);
        inside -= 1;
      };
      await Promise.all([work, work, work, work].map((each) => oneAtATime(lock, each)));
    }
  });

  it('is taken over where no process has ever written into it, or none works that long', async () => {
    const past = (ms: number) => new Date(Date.now() - ms);
    writeFileSync(lock, '');
    utimesSync(lock, past(6_000), past(6_000));
    expect(await oneAtATime(lock, async () => 'empty')).to.equal('empty');
    writeFileSync(lock, String(process.ppid));
    utimesSync(lock, past(601_000), past(601_000));
    expect(await oneAtATime(lock, async () => 'old')).to.equal('old');
  });
});
