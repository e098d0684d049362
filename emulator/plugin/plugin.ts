import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator.ts';
import { endpointLines } from '../endpoint-lines.ts';
import { packageInto } from '../packaging/package-service.ts';
import { reloadOnChange } from '../packaging/reload-on-change.ts';
import { portsOf } from '../ports.ts';
import { overlay, readAssignments, readSettings, type Settings } from '../settings.ts';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { LogEntry } from '../stack/log.ts';
import type { Stack } from '../stack/stack.ts';
import { loadPackagedStack } from '../template/load-stack.ts';
import { configureDynamoDbLocal, stopDynamoDbLocal } from './dynamodb-local.ts';
import { dropHooks, type PluginTools, type Serverless } from './serverless.ts';
import { SETTINGS_SCHEMA } from './settings.ts';

const SET_OPTION = {
  set: { type: 'multiple', usage: 'A setting of the emulator, name=value (emulator/SETTINGS.md); may be given often' },
};

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
  readonly #assignments: readonly string[];
  /** What the framework adds to the command that serverless-offline brought. */
  readonly commands = { offline: { options: SET_OPTION, commands: { start: { options: SET_OPTION } } } };
  #emulator: Emulator | undefined;
  #endReloading: () => void = () => {};

  constructor(
    serverless: Serverless,
    { set = [] }: { readonly set?: string | readonly string[] },
    { log }: PluginTools,
  ) {
    // The framework makes a list of several only.
    this.#assignments = typeof set === 'string' ? [set] : set;
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
      'before:offline:start:end': () => this.#stop(),
    };
  }

  /** Those of serverless.yml, and over them those of the command line. */
  get #settings(): Settings {
    const written = (this.#serverless.service.custom?.postern ?? {}) as Readonly<Record<string, unknown>>;
    return overlay(readSettings(written), readAssignments(this.#assignments));
  }

  get #ports() {
    return portsOf(this.#settings.ports);
  }

  #configure(): void {
    if (this.#serverless.processedInput.commands[0] !== 'offline') return;
    this.#requireOffline();
    // Bundles made and watched for serverless-offline's own runner, which runs nothing here.
    dropHooks(this.#serverless, 'EsbuildServerlessPlugin', ['before:offline:start', 'before:offline:start:init']);
    try {
      const local = this.#settings.dynamodb === 'local';
      configureDynamoDbLocal(this.#serverless, local ? this.#ports.dynamodb : undefined);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Without it the command is known, by the option that is added to it here, and does nothing. */
  #requireOffline(): void {
    const hooks = this.#serverless.pluginManager.hooks['offline:start:init'] ?? [];
    if (hooks.length > 0) return;
    const cause = 'The plugin serverless-offline is not loaded: it brings the command `offline`.';
    const cure =
      'Install it (npm install -D serverless-offline) and add it to `plugins` in serverless.yml, after this one.';
    throw this.#explained(new EmulatorError({ code: 'PLUGIN_MISSING', cause, cure }));
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
    const { dynamodb, ...settings } = this.#settings;
    const emulator = await startEmulator(this.#loadStack(join(serverless.serviceDir, '.serverless')), {
      ...settings,
      dynamodb: dynamodb === 'local' ? `http://127.0.0.1:${this.#ports.dynamodb}` : (dynamodb ?? 'embedded'),
      log: (entry) => this.#show(entry),
    });
    if (settings.reload !== false) this.#endReloading = this.#reloadOnChange(emulator);
    return emulator;
  }

  #loadStack(folder: string): Stack {
    const aws = this.#serverless.getProvider('aws');
    return loadPackagedStack(folder, {
      cache: join(this.#serverless.serviceDir, '.serverless', 'code'),
      region: aws.getRegion(),
      stackName: aws.naming.getStackName(),
    });
  }

  #reloadOnChange(emulator: Emulator): () => void {
    const service = this.#serverless.serviceDir;
    const stage = this.#serverless.getProvider('aws').getStage();
    return reloadOnChange({
      sources: service,
      emulator,
      log: (entry) => this.#show(entry),
      load: async () => {
        const folder = await mkdtemp(join(tmpdir(), 'postern-package-'));
        try {
          const packaged = await packageInto(folder, { service, stage, environment: process.env });
          if (packaged.kind === 'packaged') return this.#loadStack(folder);
          throw new Error(`the stack does not compile:\n${packaged.output.trim()}`);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    });
  }

  async #stop(): Promise<void> {
    this.#endReloading();
    await this.#emulator?.stop();
  }

  #announce(): void {
    if (!this.#emulator) return;
    const { urls, certificate } = this.#emulator;
    const lines = ['', 'The stack runs here:', ...endpointLines(urls)];
    if (certificate !== undefined) {
      const file = join(this.#serverless.serviceDir, '.serverless', 'certificate.pem');
      writeFileSync(file, certificate);
      lines.push(`  ${'Certificate'.padEnd(16)}${file} (clients in Node: NODE_EXTRA_CA_CERTS)`);
    }
    this.#log.notice([...lines, ''].join('\n'));
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
