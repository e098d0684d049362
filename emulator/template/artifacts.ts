import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, normalize, sep } from 'node:path';
import { unzipSync } from 'fflate';
import { EmulatorError } from '../stack/emulator-error.ts';

/** Lambda's quota for a function's code, unpacked. */
const MOST_BYTES = 250 * 1024 * 1024;
/** Ours: far more than any function has, and few enough to write. */
const MOST_ENTRIES = 100_000;

/**
 * Unpacks a deployment artifact into `cache/{hash of its content}`, once: a later start finds it there.
 * @returns the absolute folder of the unpacked code
 * @throws EmulatorError ARTIFACT_MISSING when there is no such file, or it is not a zip archive that Lambda would take
 */
export function unpackArtifact(zipFile: string, cache: string): string {
  const zip = readZip(zipFile);
  return once(cache, zip, () => {
    try {
      return unzip(zip);
    } catch (error) {
      const reason = error instanceof Refused ? error.message : 'is not a zip archive that can be read';
      throw unusable(`The deployment artifact ${zipFile} ${reason}.`);
    }
  });
}

/** Inline code (`Code.ZipFile`): CloudFormation puts it in a file `index.js`. */
export function writeInlineCode(source: string, cache: string): string {
  const bytes = Buffer.from(source);
  return once(cache, bytes, () => new Map([['index.js', bytes]]));
}

/** Why an archive that can be read is not taken. */
class Refused extends Error {}

function unusable(cause: string): EmulatorError {
  return new EmulatorError({ code: 'ARTIFACT_MISSING', cause, cure: 'Package the service again: npx sls package' });
}

function readZip(zipFile: string): Uint8Array {
  const found = statSync(zipFile, { throwIfNoEntry: false });
  if (found === undefined) throw unusable(`The deployment artifact ${zipFile} does not exist.`);
  if (!found.isFile()) throw unusable(`The deployment artifact ${zipFile} is not a file.`);
  if (found.size > MOST_BYTES) throw unusable(`The deployment artifact ${zipFile} is larger than 250 MB.`);
  try {
    return readFileSync(zipFile);
  } catch (error) {
    throw unusable(
      `The deployment artifact ${zipFile} cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** @returns bytes by path inside of the folder; judged by what the archive says of itself, before anything is unpacked */
function unzip(zip: Uint8Array): Map<string, Uint8Array> {
  let bytes = 0;
  let entries = 0;
  const files = unzipSync(zip, {
    filter({ name, originalSize }) {
      bytes += originalSize;
      if (++entries > MOST_ENTRIES) throw new Refused(`has more than ${MOST_ENTRIES} entries`);
      if (!(bytes <= MOST_BYTES)) throw new Refused('is larger than 250 MB when unpacked, which Lambda refuses');
      const [first] = normalize(`./${name}`).split(sep); // as it will be joined to the folder
      if (first === '..' || name.includes('\0')) {
        throw new Refused(`has an entry that leaves its folder: ${JSON.stringify(name.slice(0, 200))}`);
      }
      return true;
    },
  });
  return new Map(Object.entries(files));
}

/** The folder appears under its final name only when complete, so that a start that was cut short leaves no half of it. */
function once(cache: string, content: Uint8Array, entries: () => ReadonlyMap<string, Uint8Array>): string {
  const folder = join(cache, createHash('sha256').update(content).digest('hex').slice(0, 32));
  if (existsSync(folder)) return folder;
  const files = entries();
  mkdirSync(cache, { recursive: true });
  // Code without a package.json of its own is CommonJS in Lambda, whatever project the cache happens to lie in.
  writeFileSync(join(cache, 'package.json'), '{}\n');
  const unfinished = mkdtempSync(join(cache, `${basename(folder)}-`));
  try {
    for (const [name, bytes] of files) writeEntry(join(unfinished, name), name, bytes);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // otherwise another process has just unpacked the same artifact
  }
  return folder;
}

function writeEntry(file: string, name: string, bytes: Uint8Array): void {
  try {
    mkdirSync(name.endsWith('/') ? file : dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, bytes);
  } catch (error) {
    // A file where another entry wants a folder, or a name no disk takes.
    const reason = error instanceof Error ? error.message : error;
    throw unusable(
      `The deployment artifact's entry ${JSON.stringify(name.slice(0, 200))} cannot be unpacked: ${reason}`,
    );
  }
}
