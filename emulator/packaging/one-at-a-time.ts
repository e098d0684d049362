import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds between two looks at somebody else's lock. */
const LOOK_MS = 100;

/** No work takes longer, in milliseconds: a lock of that age is nobody's. */
const LONGEST_MS = 600_000;

/** A process writes its id into the file that it has made no later than that, in milliseconds, or never. */
const WRITTEN_MS = 5_000;

/**
 * Does the work while no other process of this machine does work under the same lock: a file that holds the id of its process. One that a
 * process left behind when it was killed is taken over.
 */
export async function oneAtATime<Result>(lock: string, work: () => Promise<Result>): Promise<Result> {
  while (!(await taken(lock))) {
    if (await alive(lock)) await setTimeout(LOOK_MS);
    else await oneAtATime(`${lock}.next`, () => clear(lock));
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

/** Only one at a time looks again and removes: a second one would remove what the first has taken meanwhile. */
async function clear(lock: string): Promise<void> {
  if (!(await alive(lock))) await rm(lock, { force: true });
}

/** Its process runs, or has just made the file and not written into it yet. */
async function alive(lock: string): Promise<boolean> {
  const [text, made] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]).catch(() => ['', undefined] as const);
  // It is gone: the next attempt takes it.
  if (made === undefined) return true;
  const ageMs = Date.now() - made.mtimeMs;
  const pid = Number(text);
  if (!Number.isInteger(pid) || pid <= 0) return ageMs < WRITTEN_MS;
  return ageMs < LONGEST_MS && isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
