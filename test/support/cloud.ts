import { fileURLToPath } from 'node:url';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/emulator.ts';
import { packageService } from '../../emulator/packaging/package-service.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import type { Stack } from '../../emulator/stack/stack.ts';
import { readPackagedService } from '../../emulator/template/packaged-service.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A running stack, as packaged from the repository's own serverless.yml. */
export interface Cloud {
  readonly http: string;
  readonly websocket: string;
  readonly emulator: Emulator;
  /** Everything the emulator and the functions have said so far. */
  readonly log: readonly LogEntry[];
  stop(): Promise<void>;
}

export interface CloudOptions extends EmulatorOptions {
  /** Changes the stack before it runs. */
  readonly change?: (stack: Stack) => Stack;
}

/** Starts the whole stack on free ports. `POSTERN_TEST_DYNAMODB` names another database than the embedded one. */
export async function startCloud({
  change = (stack) => stack,
  environment,
  ...options
}: CloudOptions = {}): Promise<Cloud> {
  const packaged = await packageService({
    service: ROOT,
    stage: 'dev',
    cache: `${ROOT}.postern`,
    environment: withoutPostern(process.env),
  });
  if (packaged.kind === 'failed') throw new Error(`the stack does not compile:\n${packaged.output}`);
  const { stack, settings } = readPackagedService(packaged.folder, `${packaged.folder}/code`);
  const log: LogEntry[] = [];
  const emulator = await startEmulator(change(stack), {
    ...settings,
    ports: { http: 0, websocket: 0, lambda: 0, dynamodb: 0, functionUrl: 0 },
    seed: 1,
    ...(process.env.POSTERN_TEST_DYNAMODB && { dynamodb: process.env.POSTERN_TEST_DYNAMODB }),
    ...options,
    environment: { ...(settings.environment as Record<string, string>), ...environment },
    log: (entry) => log.push(entry),
  });
  const { http, websocket } = emulator.urls;
  if (!http || !websocket) throw new Error('the stack has no HTTP API or no WebSocket API');
  return { http, websocket, emulator, log, stop: () => emulator.stop() };
}

/** The person's own settings must not change what is tested. */
function withoutPostern(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('POSTERN_')));
}
