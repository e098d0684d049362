import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Metafile } from 'esbuild';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The largest that each function's bundle may be, in bytes: what it was, and a tenth. */
const CEILINGS: Readonly<Record<string, number>> = {
  connect: 236_000,
  disconnect: 235_000,
  message: 286_000,
  forward: 366_000,
  stream: 363_000,
};

/** Functions that wait have a WebSocket of their own; `ws` does without these two where they are missing. */
const WITH_WEBSOCKET = new Set(['forward', 'stream']);
const OF_WS = /^node_modules\/ws\//;
const OPTIONAL_TO_WS = ['bufferutil', 'utf-8-validate'];

/** Loaded after the environment has been asked in vain, which in Lambda it never is; Lambda's own copy of the SDK has them. */
const CREDENTIALS = /^@(?:aws-sdk|smithy)\/credential-provider-(?:http|imds|ini|process|sso|web-identity)$/;

/** What has no business in Lambda. */
const STRANGERS = /^(?:agent|emulator|test|fixtures)\/|^node_modules\/(?:cac|dynalite|tsx|undici|ws|zod)\//;

describe('the functions, bundled as serverless.yml says', () => {
  const handlers = serverlessHandlers();
  let bundles: Map<string, Metafile['outputs'][string]>;

  before(async () => {
    bundles = await bundle(handlers);
  });

  it('are those that have a ceiling', () => {
    expect(handlers.map((path) => basename(path, '.ts'))).to.have.members(Object.keys(CEILINGS));
  });

  for (const [name, ceiling] of Object.entries(CEILINGS)) {
    it(`${name} has at most ${ceiling} bytes`, () => {
      expect(bundles.get(name)?.bytes).to.be.within(1, ceiling);
    });

    it(`${name} has nothing of the agent, the emulator or their packages in it`, () => {
      const inputs = Object.keys(bundles.get(name)?.inputs ?? {});
      expect(inputs).to.include(`src/handlers/${name}.ts`);
      const allowed = (path: string) => WITH_WEBSOCKET.has(name) && OF_WS.test(path);
      expect(inputs.filter((path) => STRANGERS.test(path) && !allowed(path))).to.deep.equal([]);
    });

    it(`${name} needs nothing beside itself but Node, and what is asked for where the environment has no credentials`, () => {
      const outside = bundles.get(name)?.imports.filter(({ external }) => external) ?? [];
      const asked = outside.filter(({ path, kind }) => kind !== 'dynamic-import' || !CREDENTIALS.test(path));
      const packages = asked.map(({ path }) => path).filter((path) => !isBuiltin(path));
      expect(packages.filter((path) => !(WITH_WEBSOCKET.has(name) && OPTIONAL_TO_WS.includes(path)))).to.deep.equal([]);
    });
  }
});

/** @returns the metafile's outputs, by the function's name */
async function bundle(entryPoints: readonly string[]): Promise<Map<string, Metafile['outputs'][string]>> {
  const { outputFileExtension = '.js', ...options } = esbuildSettings();
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    bundle: options.bundle === 'true',
    minify: options.minify === 'true',
    mainFields: namesIn(options.mainFields),
    external: namesIn(options.exclude),
    platform: 'node',
    target: options.target ?? '',
    format: 'cjs',
    outExtension: { '.js': outputFileExtension },
    outdir: 'unwritten',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  return new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [basename(path, outputFileExtension), output]),
  );
}

/** `custom.esbuild`, which is one level of `key: value`. */
function esbuildSettings(): Record<string, string> {
  const block = /\n {2}esbuild:\n((?: {4}\S.*\n)+)/.exec(serverlessYml())?.[1] ?? '';
  return Object.fromEntries([...block.matchAll(/^ {4}(\w+): (.*)$/gm)].map(([, key = '', value = '']) => [key, value]));
}

/** Of a list on one line. */
function namesIn(list = ''): string[] {
  return list.split(/[[\]', ]+/).filter((name) => name !== '');
}

/** `functions.*.handler`, as the files they are in. */
function serverlessHandlers(): string[] {
  return [...serverlessYml().matchAll(/^ {4}handler: (\S+)\.handler$/gm)].map(([, path = '']) => `${path}.ts`);
}

function serverlessYml(): string {
  return readFileSync(new URL('serverless.yml', `file://${ROOT}`), 'utf8');
}
