import type { AgentEvent, Report } from '../session/events.ts';
import type { CliContext } from './context.ts';
import { createHumanReport } from './human-report.ts';
import type { Settings } from './settings.ts';

/** Fields that every event has besides its own. */
type Fields = Readonly<Record<string, string>>;

/**
 * What the person or program at the other end of the terminal gets to see, by `--json`, `--quiet` and `--verbose`.
 * @param fields for programs only
 */
export function createReport(
  settings: Pick<Settings, 'json' | 'detail'>,
  context: CliContext,
  fields: Fields = {},
): Report {
  const { detail } = settings;
  const print = settings.json ? createJsonReport(context, fields) : createHumanReport(context);
  return (event) => {
    if (event.event === 'note' && detail !== 'verbose') return;
    if (event.event === 'request' && detail === 'quiet') return;
    // Queries hold tokens and personal data: they stay out of terminals and logs that nobody thought about.
    print(event.event === 'request' && detail !== 'verbose' ? { ...event, path: withoutQuery(event.path) } : event);
  };
}

/** One object a line on standard output; notes, which are for people, on standard error. */
function createJsonReport({ stdout, stderr }: CliContext, all: Fields): (event: AgentEvent) => void {
  return ({ event, ...own }) => {
    const output = event === 'note' ? stderr : stdout;
    output.write(`${JSON.stringify({ event, at: Date.now(), ...all, ...own })}\n`);
  };
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
