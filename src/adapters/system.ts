import { createHash, createHmac, randomBytes as secureRandomBytes } from 'node:crypto';
import type { RandomBytes } from '../protocol/ids.ts';
import type { Clock, Hashes, Log, LogLevel } from '../tunnel/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, until) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      void until?.then(() => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

export const randomBytes: RandomBytes = (count) => secureRandomBytes(count);

export const hashes: Hashes = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  mac: (key, data) => createHmac('sha256', key).update(data).digest(),
  hasher: () => createHash('sha256'),
};

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Characters of one field: what an agent or a visitor wrote may be long, a log line may not. */
const LONGEST_FIELD = 2_000;

/** JSON lines on standard output, which is where Lambda looks; lines below `least` are not made, long fields are cut. */
export function createLog(least: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  return (level, event, fields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    write(`${JSON.stringify({ level, event, ...fields }, shortened)}\n`);
  };
}

function shortened(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > LONGEST_FIELD ? `${value.slice(0, LONGEST_FIELD)}…` : value;
}

/** @returns `info` for what is no level */
export function logLevel(text: string | undefined): LogLevel {
  return LEVELS.find((level) => level === text?.toLowerCase()) ?? 'info';
}
