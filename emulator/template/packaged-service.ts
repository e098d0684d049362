import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Stack } from '../stack/stack.ts';
import { loadPackagedStack } from './load-stack.ts';

/** What `sls package` left in a folder: the stack, and what serverless.yml says of how to emulate it. */
export interface PackagedService {
  readonly stack: Stack;
  /** `custom.postern`, checked by the plugin when it was packaged. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** `serverless-state.json`, as far as it is read. */
interface State {
  readonly service: {
    readonly service: string;
    readonly provider: { readonly stage: string; readonly region: string; readonly stackName?: string };
    readonly custom?: { readonly postern?: Readonly<Record<string, unknown>> };
  };
}

/**
 * Reads a package without the framework.
 * @param folder absolute
 * @param cache where to unpack the artifacts; kept from one start to the next
 * @throws EmulatorError
 */
export function readPackagedService(folder: string, cache: string): PackagedService {
  const { service } = readState(join(folder, 'serverless-state.json'));
  const { stage, region, stackName = `${service.service}-${stage}` } = service.provider;
  return { stack: loadPackagedStack(folder, { cache, region, stackName }), settings: service.custom?.postern ?? {} };
}

function readState(file: string): State {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as State;
  } catch (error) {
    throw new EmulatorError({
      code: 'TEMPLATE_UNREADABLE',
      cause: `The package's state ${file} cannot be read: ${error instanceof Error ? error.message : error}`,
      cure: 'Package the service first: npx sls package',
    });
  }
}
