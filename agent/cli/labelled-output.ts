import type { CliContext, Output } from './context.ts';
import { createPaint, type Paint } from './format.ts';

export const LABEL_COLOURS = ['cyan', 'magenta', 'green', 'blue', 'yellow'] as const satisfies (keyof Paint)[];

const GAP = '  ';

export interface Label {
  /** As wide as those of its neighbours. */
  readonly label: string;
  readonly colour: (typeof LABEL_COLOURS)[number];
}

/** A context whose outputs put the label before each line. Whoever writes to it writes whole lines; empty ones are dropped. */
export function labelled(context: CliContext, { label, colour }: Label): CliContext {
  const { stdout, stderr, env } = context;
  const prefix = `${createPaint(stdout.isTTY === true && !env.NO_COLOR)[colour](label)}${GAP}`;

  function wrap(output: Output): Output {
    return {
      write(text) {
        const lines = text.split('\n').filter((line) => line !== '');
        output.write(lines.map((line) => `${prefix}${line}\n`).join(''));
      },
      get isTTY() {
        return output.isTTY === true;
      },
      // Asked each time: a terminal's width changes. Some outputs have none.
      get columns() {
        return output.columns && output.columns - label.length - GAP.length;
      },
    };
  }
  return { ...context, stdout: wrap(stdout), stderr: wrap(stderr) };
}
