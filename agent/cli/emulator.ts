import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { endpointLines } from '../../emulator/endpoint-lines.ts';
import { reloadOnChange } from '../../emulator/packaging/reload-on-change.ts';
import { type Settings as EmulatorSettings, overlay, readAssignments, readSettings } from '../../emulator/settings.ts';
import { EmulatorError } from '../../emulator/stack/emulator-error.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import { loadTemplateFile } from '../../emulator/template/load-template-file.ts';
import type { PackagedService } from '../../emulator/template/packaged-service.ts';
import type { CliContext } from './context.ts';
import { failureOf, logLine } from './emulator-words.ts';
import { EXIT, type ExitCode, type Failure, usageFailure } from './failure.ts';
import type { RawOptions } from './settings.ts';

/** What `sls package` leaves unless told otherwise. */
const DEFAULT_TEMPLATE = '.serverless';

/** The command `postern emulator`: any compiled stack on this machine, until a signal ends it. */
export async function runEmulator(context: CliContext, options: RawOptions): Promise<ExitCode | Failure> {
  const parameters = Object.fromEntries(words(options.parameter).map((word) => cut(word)));
  if (Object.hasOwn(parameters, '')) return usageFailure('--parameter wants name=value.');
  const template = resolve(typeof options.template === 'string' ? options.template : DEFAULT_TEMPLATE);
  const folder = await mkdtemp(join(tmpdir(), 'postern-emulator-'));
  const load = () =>
    loadTemplateFile(template, {
      cache: join(folder, 'code'),
      parameters,
      ...(typeof options.stackName === 'string' && { stackName: options.stackName }),
      ...(typeof options.region === 'string' && { region: options.region }),
    });
  const log = createLog(context, options);
  let emulator: Emulator | undefined;
  let endReloading = () => {};
  try {
    const { stack, settings } = load();
    const latency = words(options.latency).map((profile) => `latency=${profile}`);
    const chosen = choose(settings, [...latency, ...words(options.set)]);
    emulator = await startEmulator(stack, { ...chosen, log });
    if (chosen.reload !== false) {
      endReloading = reloadOnChange({ sources: template, emulator, log, load: async () => load().stack });
    }
    await announce(emulator, folder, context, options);
    await stopped(context.stop);
    return EXIT.done;
  } catch (error) {
    if (error instanceof EmulatorError) return failureOf(error);
    throw error;
  } finally {
    endReloading();
    await emulator?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Settings of the package, and over them those of the command line. */
function choose(written: PackagedService['settings'], assignments: readonly string[]): EmulatorSettings {
  const settings = overlay(readSettings(written), readAssignments(assignments));
  if (settings.dynamodb !== 'local') return settings;
  throw new EmulatorError({
    code: 'DATABASE_UNREACHABLE',
    cause: 'The setting dynamodb is `local`, which only `npx sls offline` can start.',
    cure: 'Say --set dynamodb=embedded, or the URL of a DynamoDB that runs already.',
  });
}

async function announce(emulator: Emulator, folder: string, { stdout }: CliContext, { json }: RawOptions) {
  const { urls, certificate } = emulator;
  const file = join(folder, 'certificate.pem');
  if (certificate !== undefined) await writeFile(file, certificate);
  const trusted = certificate === undefined ? {} : { certificate: file };
  if (json) return stdout.write(`${JSON.stringify({ event: 'ready', at: Date.now(), urls, ...trusted })}\n`);
  const lines = [...endpointLines(urls)];
  if (certificate !== undefined)
    lines.push(`  ${'Certificate'.padEnd(16)}${file} (clients in Node: NODE_EXTRA_CA_CERTS)`);
  stdout.write(`${lines.join('\n')}\n  Ctrl-C stops it.\n`);
}

function createLog({ stdout, stderr }: CliContext, { json, verbose }: RawOptions): (entry: LogEntry) => void {
  return (entry) => {
    if (entry.level === 'debug' && !verbose) return;
    if (json) stdout.write(`${JSON.stringify({ event: 'log', at: Date.now(), ...entry })}\n`);
    else stderr.write(`${logLine(entry)}\n`);
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What cac makes of an option that may be given often. */
function words(given: unknown): string[] {
  return (Array.isArray(given) ? given : [given]).filter((word) => typeof word === 'string');
}

function cut(word: string): [name: string, value: string] {
  const equals = word.indexOf('=');
  return [word.slice(0, Math.max(equals, 0)), word.slice(equals + 1)];
}
