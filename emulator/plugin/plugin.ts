import { join } from 'node:path';
import { type Emulator, portsOf, startEmulator } from '../emulator.ts';
import { endpointLines } from '../endpoint-lines.ts';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { LogEntry } from '../stack/log.ts';
import { loadPackagedStack } from '../template/load-stack.ts';
import { configureDynamoDbLocal, stopDynamoDbLocal } from './dynamodb-local.ts';
import { dropHooks, type PluginTools, type Serverless } from './serverless.ts';
import { SETTINGS_SCHEMA, type Settings } from './settings.ts';

/** Milliseconds after which a failed command ends whatever is still open. */
const LINGER_MS = 500;

/** A source that does not compile leaves serverless-esbuild's compiler running, and the command would never end. */
function endSoon(): void {
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/**
 * The Serverless Framework's way into the emulator: `sls offline` packages the service as `sls deploy` would, and runs
 * what was packaged. serverless-offline contributes the command and its life until a signal ends it.
 */
export default class PosternPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void> | void>>;
  readonly #serverless: Serverless;
  readonly #log: PluginTools['log'];
  #emulator: Emulator | undefined;

  constructor(serverless: Serverless, _options: object, { log }: PluginTools) {
    this.#serverless = serverless;
    this.#log = log;
    serverless.configSchemaHandler.defineCustomProperties(SETTINGS_SCHEMA);
    this.hooks = {
      initialize: () => this.#configure(),
      error: () => endSoon(),
      // `sls offline` and `sls offline start` run different events; the second has an orderly end, so it serves for both.
      'before:offline:start': () => serverless.pluginManager.spawn('offline:start'),
      'before:offline:start:init': () => this.#start(),
      'before:offline:start:ready': () => this.#announce(),
      'before:offline:start:end': () => this.#emulator?.stop(),
    };
  }

  get #settings(): Settings {
    return (this.#serverless.service.custom?.postern ?? {}) as Settings;
  }

  get #ports() {
    return portsOf(this.#settings.ports);
  }

  #configure(): void {
    if (this.#serverless.processedInput.commands[0] !== 'offline') return;
    // Bundles made and watched for serverless-offline's own runner, which runs nothing here.
    dropHooks(this.#serverless, 'EsbuildServerlessPlugin', ['before:offline:start', 'before:offline:start:init']);
    const local = this.#settings.dynamodb === 'local';
    try {
      configureDynamoDbLocal(this.#serverless, local ? this.#ports.dynamodb : undefined);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async #start(): Promise<void> {
    try {
      this.#emulator = await this.#startEmulator();
    } catch (error) {
      if (this.#settings.dynamodb === 'local') await stopDynamoDbLocal(this.#serverless);
      throw this.#explained(error);
    }
    // What serverless-offline finds to run is nothing: functions run in the emulator, from the bundles that deploy.
    this.#serverless.service.functions = {};
  }

  async #startEmulator(): Promise<Emulator> {
    const serverless = this.#serverless;
    await serverless.pluginManager.spawn('package');
    const aws = serverless.getProvider('aws');
    const stack = loadPackagedStack(join(serverless.serviceDir, '.serverless'), {
      cache: join(serverless.serviceDir, '.serverless', 'code'),
      region: aws.getRegion(),
      stackName: aws.naming.getStackName(),
    });
    const { dynamodb, ...settings } = this.#settings;
    return startEmulator(stack, {
      ...settings,
      dynamodb: dynamodb === 'local' ? `http://127.0.0.1:${this.#ports.dynamodb}` : (dynamodb ?? 'embedded'),
      log: (entry) => this.#show(entry),
    });
  }

  #announce(): void {
    if (this.#emulator)
      this.#log.notice(['', 'The stack runs here:', ...endpointLines(this.#emulator.urls), ''].join('\n'));
  }

  #show({ level, source, message, behaviour }: LogEntry): void {
    const text = `${source}: ${message}${behaviour === undefined ? '' : ` (${behaviour})`}`;
    if (level === 'error') this.#log.error(text);
    else if (level === 'warn') this.#log.warning(text);
    else if (level === 'info') this.#log.notice(text);
    else this.#log.info(text);
  }

  /** The framework shows its own errors as one message, and all others with a stack trace. */
  #explained(error: unknown): unknown {
    if (!(error instanceof EmulatorError)) return error;
    return new this.#serverless.classes.Error(error.message, error.code);
  }
}
