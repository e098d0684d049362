import { EmulatorError } from '../stack/emulator-error.ts';

/** Gathers everything wrong with a template, so that one run reports it all. */
export interface Problems {
  /** @param where logical id, with the property's path where there is one: `ForwardFunction.Properties.Runtime` */
  report(where: string, what: string): void;
  /** Throws one error for all that was reported; does nothing when nothing was. */
  throwIfAny(): void;
}

export function createProblems(stackName: string): Problems {
  const lines = new Set<string>();
  return {
    report(where, what) {
      lines.add(`${where}: ${what}`);
    },
    throwIfAny() {
      if (lines.size === 0) return;
      const count = lines.size === 1 ? 'one thing' : `${lines.size} things`;
      throw new EmulatorError({
        code: 'TEMPLATE_INVALID',
        cause: `The template of stack ${stackName} has ${count} the emulator cannot run:\n${[...lines].map((line) => `  - ${line}`).join('\n')}`,
        cure: 'Change the template (serverless.yml) there, or take the resource out of the stack that you run offline.',
      });
    },
  };
}
