import type { Emulator } from '../emulator.ts';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Log, LogLevel } from '../stack/log.ts';
import type { Stack } from '../stack/stack.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadOptions {
  /** Absolute: the folder of the sources, or the one file that the stack is read from. */
  readonly sources: string;
  /**
   * Makes the stack anew.
   * @throws EmulatorError where what is there now cannot be run
   */
  readonly load: () => Promise<Stack>;
  readonly emulator: Pick<Emulator, 'reload'>;
  readonly log: Log;
}

/**
 * Keeps a running emulator in step with its sources. What does not compile or load is told, and what ran before goes on.
 * @returns ends it
 */
export function reloadOnChange({ sources, load, emulator, log }: ReloadOptions): () => void {
  const say = (level: LogLevel, message: string) => log({ level, source: 'emulator', message });
  let running = false;
  let again = false;
  let ended = false;

  async function reload(): Promise<void> {
    if (running) {
      again = true; // what is being made now is already old
      return;
    }
    running = true;
    do {
      again = false;
      await reloadOnce();
    } while (again && !ended);
    running = false;
  }

  async function reloadOnce(): Promise<void> {
    try {
      const result = await emulator.reload(await load());
      if (ended) return;
      switch (result.kind) {
        case 'reloaded':
          if (result.functions.length > 0) say('info', `reloaded ${result.functions.join(', ')}`);
          return;
        case 'restart-needed':
          return say('warn', `${result.parts.join(', ')} changed: start again for that; functions run as before`);
        case 'unloadable':
          return say('error', `${result.problems.join('\n')}\nWhat was loaded before runs on.`);
      }
    } catch (error) {
      if (ended) return;
      const message = error instanceof EmulatorError ? error.message : String(error);
      say('error', `${message}\nWhat was loaded before runs on.`);
    }
  }

  const endWatching = watchFiles(sources, () => void reload());
  return () => {
    ended = true;
    endWatching();
  };
}
