import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../test/support/cloud.ts';

const PROBE = fileURLToPath(new URL('memory-probe.mjs', import.meta.url));

/** Bytes. */
export interface Memory {
  readonly rss: number;
  /** Of the process's main thread. */
  readonly heapUsed: number;
}

/** A program of the repository in a process of its own, which answers questions; ends when this process does. */
export interface Child {
  readonly process: ChildProcess;
  /** What it says first, by itself. Rejects when it ends before. To be asked for at once. */
  first<Answer>(): Promise<Answer>;
  /** Rejects when the program ends without an answer. */
  ask<Answer>(ask: string, details?: object): Promise<Answer>;
  /** @param collect whether garbage is collected first, so that `heapUsed` is what is in use */
  memory(collect: boolean): Promise<Memory>;
  /** @returns the exit code; of a program that does not end within 10 s, null */
  stop(): Promise<number | null>;
}

/** @param program a file and its arguments; standard output is piped, standard error is this process's own */
export function startChild(program: readonly string[], environment: Record<string, string> = {}): Child {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', '--import', PROBE, ...program], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const asked = new Map<number, (answer: unknown) => void>();
  const failed = new Map<number, (error: Error) => void>();
  let next = 0;
  const ended = once(child, 'exit').then(([code]: (number | null)[]) => {
    for (const fail of failed.values()) fail(new Error(`${program.join(' ')} ended with ${code}`));
    return code ?? null;
  });
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
    asked.get(id)?.(answer);
    asked.delete(id);
    failed.delete(id);
  });

  function ask<Answer>(what: string, details: object = {}): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const id = next++;
      asked.set(id, (answer) => resolve(answer as Answer));
      failed.set(id, reject);
      if (child.connected) child.send({ ...details, id, ask: what }, (error) => error && reject(error));
      else reject(new Error(`${program.join(' ')} has ended`));
    });
  }

  return {
    process: child,
    async first<Answer>() {
      const early = ended.then((code) => Promise.reject(new Error(`${program.join(' ')} ended with ${code}`)));
      const [{ answer }] = (await Promise.race([once(child, 'message'), early])) as [{ readonly answer: Answer }];
      return answer;
    },
    ask,
    memory: (collect) => ask<Memory>('memory', { collect }),
    async stop() {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const code = await ended;
      clearTimeout(kill);
      return code;
    },
  };
}
