import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Stack } from '../stack/stack.ts';
import { type LoadStackOptions, loadPackagedStack } from './load-stack.ts';
import { readJson } from './read-json.ts';
import { isObject } from './values.ts';

/** What `sls package` left in a folder: the stack, and what serverless.yml says of how to emulate it. */
export interface PackagedService {
  readonly stack: Stack;
  /** `custom.postern`, checked by the plugin when it was packaged. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a package says of itself. */
export interface PackagedState {
  readonly stackName: string;
  readonly region: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Over what the package says. */
export type PackageOverrides = Partial<Pick<LoadStackOptions, 'stackName' | 'region' | 'accountId' | 'parameters'>>;

/**
 * Reads a package without the framework.
 * @param folder absolute
 * @param cache where to unpack the artifacts; kept from one start to the next
 * @throws EmulatorError
 */
export function readPackagedService(folder: string, cache: string, overrides: PackageOverrides = {}): PackagedService {
  const { settings, ...state } = readPackagedState(folder);
  return { stack: loadPackagedStack(folder, { ...state, ...overrides, cache }), settings };
}

/** @throws EmulatorError TEMPLATE_UNREADABLE when the folder has no state of that shape */
export function readPackagedState(folder: string): PackagedState {
  const file = stateFile(folder);
  const state = readJson(file, "package's state");
  const service = isObject(state) && isObject(state.service) ? state.service : {};
  const provider = isObject(service.provider) ? service.provider : {};
  const { stage, region, stackName = `${service.service}-${stage}` } = provider;
  const custom = isObject(service.custom) ? service.custom.postern : undefined;
  if (typeof service.service !== 'string' || typeof stage !== 'string' || typeof region !== 'string') {
    throw new EmulatorError({
      code: 'TEMPLATE_UNREADABLE',
      cause: `The package's state ${file} lacks the service's name, its stage or its region.`,
      cure: 'Package the service again: npx sls package',
    });
  }
  return { stackName: String(stackName), region, settings: isObject(custom) ? custom : {} };
}

/** Whether `sls package` has left what it knows of a package beside it. */
export function hasPackagedState(folder: string): boolean {
  return existsSync(stateFile(folder));
}

const stateFile = (folder: string) => join(folder, 'serverless-state.json');
