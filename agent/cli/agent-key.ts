import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeError, errorCode } from '../network-error.ts';
import type { Environment } from './context.ts';

export interface AgentKey {
  /** 32 random bytes as base64url. */
  readonly key: string;
  /** Why the key is not kept beyond this run, if so: tunnel ids chosen with it cannot be asked for again. */
  readonly problem?: string;
}

/** POSTERN_KEY_FILE, else `postern/key` in the person's configuration folder. */
export function agentKeyFile(env: Environment): string {
  if (env.POSTERN_KEY_FILE) return env.POSTERN_KEY_FILE;
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'postern', 'key');
}

/** Reads the agent's key, and makes it the first time. Never overwrites a file, never fails. */
export function loadAgentKey(file: string): AgentKey {
  try {
    return { key: readKey(file) ?? createKey(file) };
  } catch (error) {
    return { key: newKey(), problem: `${file}: ${describeError(error)}` };
  }
}

function newKey(): string {
  return randomBytes(32).toString('base64url');
}

function readKey(file: string): string | undefined {
  try {
    const key = readFileSync(file, 'utf8').trim();
    if (/^[A-Za-z0-9_-]{43}$/.test(key)) return key;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  throw new Error('it holds no agent key; move it away to have one made');
}

/** The name appears with its content or not at all; of two agents that start at once, both use the first one's key. */
function createKey(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const key = newKey();
  try {
    writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
    return key;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const first = readKey(file);
    if (first === undefined) throw error;
    return first;
  } finally {
    rmSync(draft, { force: true });
  }
}
