import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import { loadStack } from './load-stack.ts';
import {
  hasPackagedState,
  type PackagedService,
  type PackageOverrides,
  readPackagedService,
  readPackagedState,
} from './packaged-service.ts';
import { readJson } from './read-json.ts';

export interface LoadTemplateFileOptions extends PackageOverrides {
  /** Absolute folder to unpack artifacts into. */
  readonly cache: string;
}

const DEFAULT_REGION = 'us-east-1';
const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,127}$/;
const REGION = /^[a-z]{2,3}(-[a-z]+)+-\d{1,2}$/;
const ACCOUNT_ID = /^\d{12}$/;

/**
 * Reads a stack from a folder that `sls package` filled, or from one template file in JSON, whose artifacts lie beside it
 * under the last part of their `S3Key`.
 *
 * What the options leave out, the package's state beside the template says; a template alone is named by its file, and is
 * of us-east-1.
 * @param path absolute, of the folder or the file
 * @throws EmulatorError
 */
export function loadTemplateFile(path: string, { cache, ...overrides }: LoadTemplateFileOptions): PackagedService {
  checkOverrides(overrides);
  if (isFolder(path)) return readPackagedService(path, cache, overrides);
  const folder = dirname(path);
  const { settings, ...state } = hasPackagedState(folder)
    ? readPackagedState(folder)
    : { settings: {}, stackName: stackNameOf(path), region: DEFAULT_REGION };
  const template = readJson(path, 'template');
  return { stack: loadStack({ ...state, ...overrides, template, artifacts: folder, cache }), settings };
}

function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) return found.isDirectory();
  throw new EmulatorError({
    code: 'TEMPLATE_UNREADABLE',
    cause: `There is no template or folder ${path}.`,
    cure: 'Package the service first (npx sls package), or name another file with --template.',
  });
}

/** `shop.template.json` gives `shop`; what cannot stand in the name of a stack is left out. */
function stackNameOf(file: string): string {
  const name = basename(file)
    .replace(/\..*$/, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^[^A-Za-z]+|-+$/g, '');
  return name.slice(0, 128) || 'stack';
}

function checkOverrides({ stackName, region, accountId }: PackageOverrides): void {
  const wrong: string[] = [];
  if (stackName !== undefined && !STACK_NAME.test(stackName)) {
    wrong.push(`The stack name ${JSON.stringify(stackName)} is not of letters, digits and -, a letter first.`);
  }
  if (region !== undefined && !REGION.test(region))
    wrong.push(`${JSON.stringify(region)} is no region like us-east-1.`);
  if (accountId !== undefined && !ACCOUNT_ID.test(accountId)) {
    wrong.push(`The account id ${JSON.stringify(accountId)} is not of twelve digits.`);
  }
  if (wrong.length === 0) return;
  throw new EmulatorError({ code: 'SETTINGS_INVALID', cause: wrong.join('\n'), cure: 'Correct it where it is given.' });
}
