import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { unzipSync } from 'fflate';
import { EmulatorError } from '../stack/emulator-error.ts';

/**
 * Unpacks a deployment artifact into `cache/{hash of its content}`, once: a later start finds it there.
 * @returns the absolute folder of the unpacked code
 * @throws EmulatorError ARTIFACT_MISSING when there is no such file, or it is not a zip archive
 */
export function unpackArtifact(zipFile: string, cache: string): string {
  const fail = (cause: string) =>
    new EmulatorError({ code: 'ARTIFACT_MISSING', cause, cure: 'Package the service again: npx sls package' });
  if (!existsSync(zipFile)) throw fail(`The deployment artifact ${zipFile} does not exist.`);
  const zip = readFileSync(zipFile);
  return once(cache, zip, () => {
    try {
      return unzipSync(zip);
    } catch {
      throw fail(`The deployment artifact ${zipFile} is not a zip archive that can be read.`);
    }
  });
}

/** Inline code (`Code.ZipFile`): CloudFormation puts it in a file `index.js`. */
export function writeInlineCode(source: string, cache: string): string {
  const bytes = Buffer.from(source);
  return once(cache, bytes, () => ({ 'index.js': bytes }));
}

/** The folder appears under its final name only when complete, so that a start that was cut short leaves no half of it. */
function once(cache: string, content: Uint8Array, entries: () => Record<string, Uint8Array>): string {
  const folder = join(cache, createHash('sha256').update(content).digest('hex').slice(0, 32));
  if (existsSync(folder)) return folder;
  const files = entries();
  mkdirSync(cache, { recursive: true });
  // Code without a package.json of its own is CommonJS in Lambda, whatever project the cache happens to lie in.
  writeFileSync(join(cache, 'package.json'), '{}\n');
  const unfinished = mkdtempSync(join(cache, `${basename(folder)}-`));
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(unfinished, name);
    if (relative(unfinished, file).startsWith('..')) continue; // an entry that would leave the folder (`../x`)
    if (name.endsWith('/')) mkdirSync(file, { recursive: true });
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
  }
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // otherwise another process has just unpacked the same artifact
  }
  return folder;
}
