import { readFileSync } from 'node:fs';
import { describeError, errorCode } from '../network-error.ts';
import { type ConfiguredTunnel, readConfig } from './config-tunnels.ts';
import type { Environment } from './context.ts';
import { EXIT, type Failure, isFailure, usageFailure } from './failure.ts';
import { type RawOptions, readSettings } from './settings.ts';

const DEFAULT_FILE = 'postern.yml';

/** Options of the command line that go for all tunnels alike. */
const OF_THE_PROCESS = ['json', 'verbose', 'quiet'];

export interface ConfigFile {
  /** As it was named. */
  readonly file: string;
  readonly tunnels: readonly ConfiguredTunnel[];
}

/**
 * Reads the file that `--config` names, else `postern.yml` in the working directory, and checks all of it.
 * @param options of the command line; `verbose` and `quiet` win over the file's
 */
export function loadConfig(options: RawOptions, env: Environment): ConfigFile | Failure {
  const file = options.config ?? DEFAULT_FILE;
  if (typeof file !== 'string') return usageFailure('--config is given more than once.');
  const given = Object.fromEntries(Object.entries(options).filter(([name]) => OF_THE_PROCESS.includes(name)));
  const contradiction = readSettings(given, {});
  if (isFailure(contradiction)) return contradiction;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const cause = errorCode(error) === 'ENOENT' ? 'there is no such file' : describeError(error);
    return usageFailure(`${file} is not read: ${cause}.`, 'Name the file with --config, or write a postern.yml here.');
  }
  const result = readConfig(text, env, given);
  if (result.kind === 'tunnels') return { file, tunnels: result.tunnels };
  const { problems } = result;
  return {
    exit: EXIT.usage,
    code: 'config_invalid',
    cause: `${file} has ${problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`}.`,
    cure: 'Nothing was opened: mend these first.',
    problems: problems.map((problem) => ({ file, ...problem })),
  };
}
