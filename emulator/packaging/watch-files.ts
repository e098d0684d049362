import { type Dirent, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Folders that hold what is made, not what it is made from. */
const PASSED_OVER = new Set(['node_modules', 'coverage', 'dist']);

/** An editor writes a file in several steps: these are one change. */
const SETTLE_MS = 200;

/** Folders watched at most, in a tree that somebody watches by mistake. */
const MOST_FOLDERS = 2_000;

/**
 * Calls back after files change: those in a folder and in folders below it, but for hidden ones and what packages leave; or
 * those beside one file. Each folder is watched by itself and looked for anew after each change: folders come and go, and
 * are replaced as a whole.
 * @param path absolute
 * @returns ends the watching
 */
export function watchFiles(path: string, onChange: () => void): () => void {
  const watched = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  let timer: NodeJS.Timeout | undefined;
  const isFolder = statSync(path).isDirectory();

  function settle(): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      attach();
      onChange();
    }, SETTLE_MS).unref();
  }

  function attach(): void {
    const wanted = new Map(isFolder ? foldersOf(path) : []);
    // Beside a single file, and where a folder may be replaced by another of its name.
    wanted.set(dirname(path), identityOf(dirname(path)));
    for (const [folder, { identity, watcher }] of watched) {
      if (wanted.get(folder) === identity) continue;
      watcher.close();
      watched.delete(folder);
    }
    for (const [folder, identity] of wanted) {
      if (watched.has(folder) || identity === '') continue;
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (isOfInterest(folder, name ?? '')) settle();
      });
      // A folder that goes away while it is watched is a change like any other.
      watcher.on('error', () => {});
      watched.set(folder, { identity, watcher });
    }
  }

  function isOfInterest(folder: string, name: string): boolean {
    if (isFolder && folder === dirname(path)) return name === basename(path);
    return !isPassedOver(name);
  }

  attach();
  return () => {
    clearTimeout(timer);
    for (const { watcher } of watched.values()) watcher.close();
    watched.clear();
  };
}

/** A folder and those below it, each with its identity. */
function foldersOf(root: string): [folder: string, identity: string][] {
  const folders: [string, string][] = [];
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (folders.length === MOST_FOLDERS) break;
    folders.push([folder, identityOf(folder)]);
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory() && !isPassedOver(entry.name)) waiting.push(join(folder, entry.name));
    }
  }
  return folders;
}

/** Tells a folder from another that took its place, which may get its inode as well; empty where there is nothing. */
function identityOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.birthtimeMs}` : '';
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // gone since it was found
  }
}

function isPassedOver(name: string): boolean {
  return name.startsWith('.') || PASSED_OVER.has(name);
}
