import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** Two folders below the root, as the sources that look for package.json are. */
const CACHE = join(ROOT, '.agent');

/** All that a bundle is made of; the emulator is not, for it reads its own sources. */
const SOURCES = ['agent', 'src/protocol', 'src/prices.ts', 'package.json'];
const WITH_EMULATOR = new Set(['dev', 'emulator']);

/** How long a bundle of other sources stays, in milliseconds: an agent may still run from it. */
const KEEP_MS = 7 * 24 * 60 * 60_000;

/**
 * The agent as plain JavaScript, made once for each state of its sources: loading TypeScript takes longer than all that an agent has to
 * do until it is online, and three times the memory.
 * @param {readonly string[]} words of the command line
 * @returns {Promise<string | undefined>} its URL; undefined where the sources themselves are wanted, or nothing can be kept here
 */
export async function bundledAgent(words) {
  if (words.some((word) => WITH_EMULATOR.has(word))) return undefined;
  try {
    const folder = join(CACHE, stateOfSources());
    const entry = join(folder, 'main.js');
    if (!existsSync(entry)) await bundle(folder);
    return pathToFileURL(entry).href;
  } catch {
    return undefined;
  }
}

/** Names, sizes and times: a look at each file, and none into it. */
function stateOfSources() {
  const hash = createHash('sha256').update(process.version);
  for (const path of SOURCES.flatMap(filesOf)) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** @param {string} source */
function filesOf(source) {
  const path = join(ROOT, source);
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, path: folder, name }) => join(parentPath ?? folder, name));
}

/** @param {string} folder which two starts at once may make at the same time */
async function bundle(folder) {
  const { build } = await import('esbuild');
  const made = `${folder}.${process.pid}`;
  await build({
    entryPoints: [join(ROOT, 'agent/main.ts')],
    outdir: made,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    external: ['./dev.ts', './emulator.ts'],
    logLevel: 'silent',
  });
  await mkdir(CACHE, { recursive: true });
  await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
  await deleteOld();
}

async function deleteOld() {
  for (const name of readdirSync(CACHE)) {
    const folder = join(CACHE, name);
    if (Date.now() - statSync(folder).mtimeMs > KEEP_MS) await rm(folder, { recursive: true, force: true });
  }
}
