import { cac } from 'cac';
import { type Failure, usageFailure } from './failure.ts';
import {
  CONFIG_FLAGS,
  COST_FLAGS,
  DEV_FLAGS,
  EMULATOR_FLAGS,
  type Flag,
  GENERAL_FLAGS,
  IDS_FLAGS,
  TOKEN_FLAGS,
  TUNNEL_FLAGS,
  UP_FLAGS,
} from './flags.ts';
import type { RawOptions } from './settings.ts';

/** What a command line asks for. */
export type Request = { readonly command: 'help' | 'version' } | CommandRequest;

export interface CommandRequest {
  readonly command: 'tunnel' | 'dev' | 'up' | 'ids' | 'config' | 'emulator' | 'cost' | 'token';
  /** The words that are no options: one at most, but for `ids` with two and `up` with any number. */
  readonly operands: readonly string[];
  readonly options: RawOptions;
}

/** Reads what comes after `postern`. An unknown option or a word too many is a failure, never passed over. */
export function parseArguments(argv: readonly string[]): Request | Failure {
  const cli = cac('postern');
  function command(name: CommandRequest['command'], shape: string, flags: readonly Flag[]): void {
    const added = cli.command(shape, name);
    for (const flag of flags) added.option(flag.name, flag.text);
    // A command is handed what stands for each operand of its shape (a list for `[...names]`), and its options last.
    added.action((...given: [...(string | string[] | undefined)[], RawOptions]): CommandRequest => {
      const words = given
        .slice(0, -1)
        .flat()
        .filter((word) => typeof word === 'string');
      return { command: name, operands: words.map(unmark), options: unmarkAll(given.at(-1) as RawOptions) };
    });
  }
  command('tunnel', '[upstream]', TUNNEL_FLAGS);
  command('dev', 'dev [upstream]', [...TUNNEL_FLAGS, ...DEV_FLAGS]);
  command('up', 'up [...names]', UP_FLAGS);
  command('ids', 'ids [action] [id]', IDS_FLAGS);
  command('config', 'config [action]', CONFIG_FLAGS);
  command('emulator', 'emulator', EMULATOR_FLAGS);
  command('cost', 'cost', COST_FLAGS);
  command('token', 'token [subject]', TOKEN_FLAGS);
  for (const flag of GENERAL_FLAGS) cli.option(flag.name, flag.text);

  try {
    const { options } = cli.parse(['node', 'postern', ...argv.map(mark)], { run: false });
    if (options.help === true || argv[0] === 'help') return { command: 'help' };
    if (options.version === true) return { command: 'version' };
    return cli.runMatchedCommand();
  } catch (error) {
    if (error instanceof Error && error.name === 'CACError') {
      return usageFailure(`${unmark(error.message)}.`);
    }
    throw error;
  }
}

/*
 * cac makes numbers of all that looks like one, so `--tunnel-id 012345678901` loses its zero. A mark that no argument
 * can hold keeps such values strings; it is taken off again before anybody sees it.
 */
const MARK = '\0';

function mark(argument: string): string {
  const value = /^--?[^=]+=(.*)$/s.exec(argument)?.[1] ?? argument;
  return value.startsWith('-') || Number.isNaN(Number(value)) ? argument : `${argument}${MARK}`;
}

function unmark(text: string): string {
  return text.replaceAll(MARK, '');
}

function unmarkAll(options: RawOptions): RawOptions {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, typeof value === 'string' ? unmark(value) : value]),
  );
}
