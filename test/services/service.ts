import { fileURLToPath } from 'node:url';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { packageService } from '../../emulator/packaging/package-service.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import { readPackagedService } from '../../emulator/template/packaged-service.ts';

const SERVICES = fileURLToPath(new URL('../../fixtures/services', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.postern/services', import.meta.url));
const ANY_PORTS = { http: 0, websocket: 0, lambda: 0, dynamodb: 0, functionUrl: 0 };

export interface Service {
  readonly emulator: Emulator;
  readonly log: readonly LogEntry[];
}

const running: Emulator[] = [];

/** Packages a service of fixtures/services as `sls package` does, and runs what that left. Ends with `stopServices`. */
export async function startService(
  name: string,
  { variables = {}, ...options }: EmulatorOptions & { readonly variables?: Readonly<Record<string, string>> } = {},
): Promise<Service> {
  const packaged = await packageService({
    service: `${SERVICES}/${name}`,
    stage: 'dev',
    cache: CACHE,
    environment: { ...process.env, ...variables },
  });
  if (packaged.kind === 'failed') throw new Error(`${name} does not compile:\n${packaged.output}`);
  const { stack } = readPackagedService(packaged.folder, `${packaged.folder}/code`);
  const log: LogEntry[] = [];
  const emulator = await startEmulator(stack, {
    ports: ANY_PORTS,
    seed: 1,
    log: (entry) => log.push(entry),
    ...options,
  });
  running.push(emulator);
  return { emulator, log };
}

/** For `afterEach`. */
export async function stopServices(): Promise<void> {
  await Promise.all(running.splice(0).map((emulator) => emulator.stop()));
}
