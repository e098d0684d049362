import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { newKeyFile } from './agent.ts';
import { ROOT } from './cloud.ts';

/** A real command in a process of its own. */
export interface Command {
  readonly output: () => string;
  /** Resolves with the first line that matches, also one printed already; rejects when the command ends without. */
  line(pattern: RegExp): Promise<string>;
  readonly exit: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

/** For commands that fail where a port is taken, so that tests need none of the usual ones. */
export const ANY_PORTS = {
  POSTERN_HTTP_PORT: '0',
  POSTERN_WEBSOCKET_PORT: '0',
  POSTERN_LAMBDA_PORT: '0',
  POSTERN_DYNAMODB_PORT: '0',
};

const running = new Set<ChildProcess>();

/**
 * @param command as in package.json's scripts: a file of the repository and its arguments, run by this very Node
 * @param cwd the repository unless given
 */
export function startCommand(
  command: readonly string[],
  environment: Record<string, string> = {},
  cwd = ROOT,
): Command {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
  const child = spawn(process.execPath, command, {
    cwd,
    env: { ...Object.fromEntries(inherited), POSTERN_KEY_FILE: newKeyFile(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const exit = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  return {
    output: () => lines.join('\n'),
    exit,
    signal: (name) => void child.kill(name),
    line(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => pattern.test(line));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        void exit.then((code) => reject(new Error(`ended with ${code} without ${pattern}:\n${lines.join('\n')}`)));
        look();
      });
    },
  };
}

/** For `afterEach`: nothing outlives its test. */
export async function endCommands(): Promise<void> {
  const ended = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
}
