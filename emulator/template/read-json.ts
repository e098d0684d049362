import { readFileSync, statSync } from 'node:fs';
import { EmulatorError } from '../stack/emulator-error.ts';

/** Far beyond what CloudFormation takes, which is 1 MB; a state file repeats the template. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Reads a file that must hold JSON.
 * @param what the error calls it: `compiled template`
 * @throws EmulatorError TEMPLATE_UNREADABLE
 */
export function readJson(file: string, what: string): unknown {
  let text: string;
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error('it is larger than 32 MB');
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw unreadable(
      `The ${what} ${file} cannot be read: ${messageOf(error)}`,
      'Package the service first: npx sls package',
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    if (/\.ya?ml$/i.test(file) || !text.trimStart().startsWith('{')) {
      const cure = 'Give it as JSON: what `sls package` writes to .serverless, or `cdk synth --json`.';
      throw unreadable(`The ${what} ${file} is not JSON; YAML is not read.`, cure);
    }
    throw unreadable(`The ${what} ${file} is not valid JSON: ${messageOf(error)}`, 'Mend the file, or make it again.');
  }
}

function unreadable(cause: string, cure: string): EmulatorError {
  return new EmulatorError({ code: 'TEMPLATE_UNREADABLE', cause, cure });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
