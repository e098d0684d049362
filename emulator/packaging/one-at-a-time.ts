import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds between two looks at somebody else's lock. */
const LOOK_MS = 100;

/** No work takes longer, in milliseconds: a lock of that age is nobody's. */
const LONGEST_MS = 180_000;

/**
 * Does the work while no other process of this machine does work under the same lock: a file that holds the id of its process. One that a
 * process left behind when it was killed is taken over.
 */
export async function oneAtATime<Result>(lock: string, work: () => Promise<Result>): Promise<Result> {
  for (let waited = 0; !(await taken(lock)); waited += LOOK_MS) {
    if (waited >= LONGEST_MS || !(await alive(lock))) await rm(lock, { force: true });
    else await setTimeout(LOOK_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Its process runs, or has just made the file and not written into it yet. */
async function alive(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
