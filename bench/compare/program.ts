import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT } from '../../test/support/cloud.ts';

/** A program that somebody would start by hand: no questions, it is ready when it says so. */
export interface Program {
  readonly pid: number;
  /** What it said that it is ready. */
  readonly said: RegExpExecArray;
  /** Resolves when it has ended; killed where it does not end within 5 s of being asked to. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly ready: RegExp;
  readonly environment?: Record<string, string>;
  readonly cwd?: string;
  readonly patienceMs?: number;
}

/** @throws with what it printed, when it ends before it is ready or takes too long; nothing is left running then */
export async function startProgram(
  command: string,
  args: readonly string[],
  { ready, environment = {}, cwd = ROOT, patienceMs = 60_000 }: ProgramOptions,
): Promise<Program> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
  const env = { ...Object.fromEntries(inherited), ...environment };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => process.off('exit', kill));
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(kill, 5_000);
    await ended;
    clearTimeout(late);
  };
  const said = await new Promise<RegExpExecArray | string>((resolve) => {
    let printed = '';
    const late = setTimeout(() => resolve(`was not ready in ${patienceMs} ms: ${printed}`), patienceMs);
    const look = (slice: Buffer) => {
      printed += slice;
      const found = ready.exec(printed);
      if (!found) return;
      clearTimeout(late);
      for (const stream of [child.stdout, child.stderr]) stream.off('data', look).resume();
      resolve(found);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', ({ message }) => resolve(message));
    void once(child, 'exit').then(
      ([code]) => resolve(`ended with ${code}: ${printed}`),
      () => {},
    );
  });
  if (typeof said === 'string' || child.pid === undefined) {
    if (child.pid !== undefined) await stop();
    throw new Error(`${command} ${args[0] ?? ''} ${said}`.slice(0, 400));
  }
  return { pid: child.pid, said, stop };
}
