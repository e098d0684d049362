import type { CliContext } from './context.ts';
import { printable } from './format.ts';

export const EXIT = {
  done: 0,
  /** A fault of ours. */
  broken: 1,
  usage: 2,
  /** 401 or 403 at the handshake. */
  credentialsRefused: 3,
  tunnelIdTaken: 4,
  /** Never online. */
  unreachable: 5,
  /** Online once, and given up since. */
  lost: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why a command cannot do what it was asked: what happened and what helps. */
export interface Failure {
  readonly exit: ExitCode;
  /** Stable, for programs. */
  readonly code: string;
  readonly cause: string;
  readonly cure: string;
  /** What is wrong, piece by piece, where the cause alone does not say it. */
  readonly problems?: readonly FileProblem[];
}

/** Line and column count from 1. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'cure' in value;
}

export function usageFailure(cause: string, cure = 'See postern --help.'): Failure {
  return { exit: EXIT.usage, code: 'usage', cause, cure };
}

/** For what is wrong before there is a tunnel to report on: words on standard error, or with `--json` its `error` event. */
export function printFailure(failure: Failure, { argv, stdout, stderr }: CliContext): void {
  const { code, cause, cure, problems = [] } = failure;
  if (!argv.includes('--json')) {
    const lines = problems.map(
      ({ file, line, column, message }) => `${file}:${line}:${column}: ${printable(message)}\n`,
    );
    stderr.write(`postern: ${cause}\n${lines.join('')}${cure}\n`);
    return;
  }
  const event = { event: 'error', at: Date.now(), code, message: `${cause} ${cure}` };
  stdout.write(`${JSON.stringify({ ...event, ...(problems.length > 0 && { problems }) })}\n`);
}
