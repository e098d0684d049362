import { EmulatorError } from '../stack/emulator-error.ts';
import type { Unresolvable } from './unresolvable.ts';

/** Gathers everything wrong with a template, so that one run reports it all. */
export interface Problems {
  /** @param where logical id, with the property's path where there is one: `ForwardFunction.Properties.Runtime` */
  report(where: string, what: string): void;
  /** Reports each of its faults. */
  reportAll(error: Unresolvable): void;
  /** Tells of what runs, though not as in AWS: named, and no reason to refuse the template. */
  warn(where: string, what: string): void;
  /** In the order they were found, each once. */
  warnings(): readonly string[];
  /** Throws one error for all that was reported; does nothing when nothing was. */
  throwIfAny(): void;
}

/** More than anyone reads at once. */
const MOST_SHOWN = 100;

export function createProblems(stackName: string): Problems {
  const lines = new Set<string>();
  const warnings = new Set<string>();
  const report = (where: string, what: string) => {
    lines.add(`${where}: ${what}`);
  };
  return {
    report,
    warn(where, what) {
      warnings.add(`${where}: ${what}`);
    },
    warnings: () => [...warnings],
    reportAll({ faults }) {
      for (const { path, reason } of faults) report(path, reason);
    },
    throwIfAny() {
      if (lines.size === 0) return;
      const count = lines.size === 1 ? 'one thing' : `${lines.size} things`;
      const shown = [...lines].slice(0, MOST_SHOWN).map((line) => `  - ${line}`);
      if (lines.size > MOST_SHOWN) shown.push(`  … and ${lines.size - MOST_SHOWN} more`);
      throw new EmulatorError({
        code: 'TEMPLATE_INVALID',
        cause: `The template of stack ${stackName} has ${count} the emulator cannot run:\n${shown.join('\n')}`,
        cure: 'Change the template (serverless.yml) there, or take the resource out of the stack that you run offline.',
      });
    },
  };
}
