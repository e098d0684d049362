import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { RuntimeError } from './handler-error.ts';
import { adviceOnMissing, restrictImports, restrictRequires } from './resolution.ts';

export type Callback = (error?: unknown, result?: unknown) => void;
export type Handler = (event: unknown, context: object, callback: Callback) => unknown;

/**
 * Finds and loads `path/to/file.export` the way Lambda's Node.js runtime does.
 * @param sdkFolder whose packages hold the AWS SDK, for code that leaves it to the runtime
 * @throws RuntimeError `Runtime.MalformedHandlerName`, `Runtime.ImportModuleError`, `Runtime.UserCodeSyntaxError` or
 *   `Runtime.HandlerNotFound`; or whatever the file's own top level throws
 */
export async function loadHandler(folder: string, handler: string, sdkFolder: string): Promise<Handler> {
  const match = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(handler);
  const [, module, exported] = match ?? [];
  if (module === undefined || exported === undefined) {
    throw new RuntimeError('Runtime.MalformedHandlerName', `Bad handler ${handler}`);
  }
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => join(folder, module + extension)).find(existsSync);
  if (file === undefined) {
    throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${module}' in ${folder}`);
  }
  const exports = await load(file, folder, sdkFolder);
  const found = exported.split('.').reduce<unknown>((from, key) => (from as Record<string, unknown>)?.[key], exports);
  if (found === undefined) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is undefined or not exported (${file})`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handler} is not a function (${file})`);
  }
  return found as Handler;
}

async function load(file: string, folder: string, sdkFolder: string): Promise<unknown> {
  try {
    restrictRequires(folder, sdkFolder);
    if (!isModule(file, folder)) return createRequire(file)(file);
    restrictImports(folder, sdkFolder);
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError('Runtime.UserCodeSyntaxError', `${error} (${placeOf(error, file)})`);
    }
    if (isMissingModule(error)) {
      throw new RuntimeError('Runtime.ImportModuleError', `${error} (${file})${adviceOnMissing(String(error))}`);
    }
    throw error;
  }
}

/** Where the source is wrong: `file:line` and the line itself, where V8 can be asked again; it tells an import no place. */
function placeOf(error: SyntaxError, file: string): string {
  try {
    new Script(`(function () {${readFileSync(file, 'utf8')}\n})`, { filename: file });
  } catch (again) {
    const [place = '', line = ''] = String((again as Error).stack).split('\n');
    if ((again as Error).message === error.message && place.startsWith(file)) return `${place}: ${line.trim()}`;
  }
  return file;
}

function isModule(file: string, folder: string): boolean {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  for (let at = dirname(file); at.startsWith(folder); at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
  }
  return false;
}

function isMissingModule(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}
