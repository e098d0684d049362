import { setTimeout } from 'node:timers/promises';
import type { Emulator } from '../emulator.ts';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Log, LogLevel } from '../stack/log.ts';
import type { Stack } from '../stack/stack.ts';
import { watchFiles } from './watch-files.ts';

const UNFINISHED: ReadonlySet<string> = new Set(['ARTIFACT_MISSING', 'TEMPLATE_UNREADABLE']);
const ATTEMPTS = 6;
const ATTEMPT_PAUSE_MS = 500;

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
  let failed = false;

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
    say('info', 'sources changed, loading them …');
    try {
      const result = await emulator.reload(await loadWhole());
      if (ended) return;
      switch (result.kind) {
        case 'reloaded':
          if (result.functions.length > 0) say('info', `reloaded ${result.functions.join(', ')}`);
          else if (failed) say('info', 'loads again, and is what runs already');
          failed = false;
          return;
        case 'restart-needed':
          return say('warn', `${result.parts.join(', ')} changed: start again for that; functions run as before`);
        case 'unloadable':
          return fail(result.problems.join('\n'));
      }
    } catch (error) {
      if (ended) return;
      fail(error instanceof EmulatorError ? error.message : String(error));
    }
  }

  function fail(problem: string): void {
    failed = true;
    say('error', `${problem}\nWhat was loaded before runs on.`);
  }

  /** A package may be half written when its first file is seen. */
  async function loadWhole(): Promise<Stack> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await load();
      } catch (error) {
        const unfinished = error instanceof EmulatorError && UNFINISHED.has(error.code);
        if (!unfinished || ended || attempt === ATTEMPTS) throw error;
        await setTimeout(ATTEMPT_PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  const endWatching = watchFiles(sources, () => void reload());
  return () => {
    ended = true;
    endWatching();
  };
}
