import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders that hold what is made, not what it is made from. */
const PASSED_OVER = new Set(['node_modules', 'coverage', 'dist']);

/** An editor writes a file in several steps: these are one change. */
const SETTLE_MS = 200;

/**
 * Calls back after files change: those in a folder, with everything below it but hidden folders and what packages leave, or
 * one file.
 * @param path absolute
 * @returns ends the watching
 */
export function watchFiles(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const changed = (_event: string, name: string | null) => {
    if (name !== null && isPassedOver(name.split(/[\\/]/)[0] ?? '')) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS).unref();
  };
  const watchers = (statSync(path).isDirectory() ? foldersOf(path) : [{ folder: dirname(path), recursive: false }]).map(
    ({ folder, recursive }): FSWatcher => watch(folder, { recursive, persistent: false }, changed),
  );
  // A folder that goes away while it is watched is a change like any other.
  for (const watcher of watchers) watcher.on('error', () => {});
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** The folder's own files, and each of its folders whole: `node_modules` below it would be thousands. */
function foldersOf(path: string): { folder: string; recursive: boolean }[] {
  const below = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !isPassedOver(entry.name))
    .map(({ name }) => ({ folder: join(path, name), recursive: true }));
  return [{ folder: path, recursive: false }, ...below];
}

function isPassedOver(name: string): boolean {
  return name.startsWith('.') || PASSED_OVER.has(name);
}
