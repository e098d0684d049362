import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.ts';

export interface PackageServiceOptions {
  /** The folder of serverless.yml. */
  readonly service: string;
  readonly stage: string;
  /** Where packages are kept, each under the hash of what it was made from. */
  readonly cache: string;
  /** The environment `sls package` runs in; variables that serverless.yml may read are part of the hash. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Older packages beyond so many are deleted; 5 unless given. */
  readonly kept?: number;
  /** Called before the seconds that it takes when nothing is cached. */
  readonly onMiss?: () => void;
}

export type PackageResult =
  | { readonly kind: 'packaged'; readonly folder: string }
  /** `sls package` said no; `output` is what it printed. */
  | { readonly kind: 'failed'; readonly output: string };

/** What a package is made from. The lock file stands for node_modules. */
const INPUTS = ['serverless.yml', 'package.json', 'package-lock.json', 'src', 'emulator/plugin'];
const READ_VARIABLES = /^(?:POSTERN_|AWS_REGION$)/;
/** A few, so that going back and forth between branches stays fast. */
const KEPT_PACKAGES = 5;
const LOCK = 'lock';

/**
 * Compiles the template and bundles the functions, exactly as `sls package` does, or finds that done already for the
 * same sources: then no framework is loaded at all.
 */
export async function packageService(options: PackageServiceOptions): Promise<PackageResult> {
  const { cache, service, stage, environment } = options;
  const hash = await hashOf(options);
  const folder = join(cache, hash);
  if (await exists(folder)) return { kind: 'packaged', folder };
  options.onMiss?.();
  await mkdir(cache, { recursive: true });
  // Two at once would clean up each other's work: the framework and its plugins keep it in folders of the service.
  return oneAtATime(join(cache, LOCK), async () => {
    if (await exists(folder)) return { kind: 'packaged', folder };
    // Made beside its place and moved there whole, so that an interrupted run leaves nothing that looks finished.
    const unfinished = `${folder}.${process.pid}.unfinished`;
    const result = await packageInto(unfinished, { service, stage, environment });
    if (result.kind === 'failed') return result;
    await rename(unfinished, folder);
    await deleteOldPackages(cache, hash, options.kept ?? KEPT_PACKAGES);
    return { kind: 'packaged', folder };
  });
}

/** Runs `sls package` in a process of its own; of a run that fails nothing is left in `folder`. */
export async function packageInto(
  folder: string,
  { service, stage, environment }: Pick<PackageServiceOptions, 'service' | 'stage' | 'environment'>,
): Promise<PackageResult> {
  const command = [serverlessBinary(service), 'package', '--stage', stage, '--package', folder];
  const { code, output } = await run(command, service, environment);
  if (code === 0) return { kind: 'packaged', folder };
  await rm(folder, { recursive: true, force: true });
  return { kind: 'failed', output };
}

async function hashOf({ service, stage, environment }: PackageServiceOptions): Promise<string> {
  const hash = createHash('sha256').update(`${process.version}\n${stage}\n`);
  for (const [name, value] of Object.entries(environment).sort()) {
    if (READ_VARIABLES.test(name)) hash.update(`${name}=${value}\n`);
  }
  for (const input of [...INPUTS, '.env', `.env.${stage}`]) {
    for (const file of await filesOf(join(service, input))) {
      hash.update(`${file.slice(service.length)}\n`).update(await readFile(file));
    }
  }
  return hash.digest('hex').slice(0, 24);
}

/** The file itself, or every file below the folder, in one order everywhere; nothing where nothing is. */
async function filesOf(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTDIR') return [path];
    if (code === 'ENOENT') return [];
    throw error;
  }
}

function serverlessBinary(service: string): string {
  const require = createRequire(join(service, 'package.json'));
  const manifest = require('serverless/package.json') as { bin: Record<string, string> };
  return join(require.resolve('serverless/package.json'), '..', manifest.bin.serverless ?? 'bin/serverless.js');
}

function run(
  command: string[],
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function deleteOldPackages(cache: string, newest: string, kept: number): Promise<void> {
  const names = (await readdir(cache)).filter((name) => name !== newest && !name.startsWith(LOCK));
  const dated = await Promise.all(names.map(async (name) => ({ name, at: await modified(join(cache, name)) })));
  const old = dated.sort((a, b) => b.at - a.at).slice(kept - 1);
  for (const { name } of old) await rm(join(cache, name), { recursive: true, force: true });
}

async function modified(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
