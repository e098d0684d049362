import { realpathSync } from 'node:fs';
import Module, { register } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The parts of Node's CommonJS loader that decide where packages are looked for. */
interface Loader {
  _nodeModulePaths(from: string): string[];
  _resolveFilename(request: string, parent: unknown, isMain: boolean, options?: { paths: string[] }): string;
}

/** The packages that Lambda's Node.js runtimes bring along. */
const OF_THE_RUNTIME = /^@(aws-sdk|smithy)\//;

/**
 * Takes packages from nowhere but the code folder: those that happen to lie above it on this machine are not deployed, and
 * a bundle that forgot one must fail here as it does in Lambda. Only the AWS SDK need not be deployed, since Lambda's
 * runtime has it; it is looked for above the code, then from `sdkFolder` on.
 *
 * This is for `require`; {@link restrictImports} is for `import`.
 */
export function restrictRequires(codeFolder: string, sdkFolder: string): void {
  const folder = realpathSync(codeFolder);
  const loader = Module as unknown as Loader;
  const pathsFrom = loader._nodeModulePaths;
  const resolve = loader._resolveFilename;

  loader._nodeModulePaths = (from) => {
    const paths = pathsFrom(from);
    return isWithin(folder, from) ? paths.filter((path) => isWithin(folder, path)) : paths;
  };
  loader._resolveFilename = (request, parent, isMain, options) => {
    try {
      return resolve.call(loader, request, parent, isMain, options);
    } catch (error) {
      if (!OF_THE_RUNTIME.test(request)) throw error;
      return resolve.call(loader, request, parent, isMain, { paths: [dirname(folder), sdkFolder] });
    }
  };
}

/**
 * The same for `import`, before a handler is loaded that is a module. It takes Node some 30 ms, so CommonJS handlers are
 * spared it: what they import, rather than require, goes unrestricted.
 */
export function restrictImports(codeFolder: string, sdkFolder: string): void {
  const folder = pathToFileURL(join(realpathSync(codeFolder), sep)).href;
  const elsewhere = [new URL('../any.js', folder).href, pathToFileURL(join(sdkFolder, 'any.js')).href];
  const hook = `export const resolve = (${createResolve})(${JSON.stringify(folder)}, ${JSON.stringify(elsewhere)}, ${OF_THE_RUNTIME});`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

interface Resolved {
  readonly url: string;
}
interface Context {
  readonly parentURL?: string;
}
type Next = (specifier: string, context: Context) => Promise<Resolved>;

/** Runs as text in a thread of Node's loader, so it may use nothing from around it. */
function createResolve(folder: string, elsewhere: readonly string[], ofTheRuntime: RegExp) {
  return async (specifier: string, context: Context, next: Next): Promise<Resolved> => {
    const isPackage = /^[@\w]/.test(specifier) && !/^\w+:/.test(specifier);
    if (!isPackage || !context.parentURL?.startsWith(folder)) return next(specifier, context);
    let failure: unknown;
    try {
      const found = await next(specifier, context);
      if (!found.url.startsWith('file:') || found.url.startsWith(folder)) return found;
      const text = `Cannot find package '${specifier}' imported from ${context.parentURL}`;
      failure = Object.assign(new Error(text), { code: 'ERR_MODULE_NOT_FOUND' });
    } catch (error) {
      failure = error;
    }
    for (const parentURL of ofTheRuntime.test(specifier) ? elsewhere : []) {
      try {
        return await next(specifier, { ...context, parentURL });
      } catch {}
    }
    throw failure;
  };
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** Of a message that some package is missing: what to do where Lambda would have had it. */
export function adviceOnMissing(message: string): string {
  const name = /'(@(?:aws-sdk|smithy)\/[^/']+)/.exec(message)?.[1];
  return name === undefined
    ? ''
    : `. Lambda's runtime brings ${name} along, this machine does not: npm install -D ${name}`;
}
