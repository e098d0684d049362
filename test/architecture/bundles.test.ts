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
  connect: 376_000,
  disconnect: 375_000,
  message: 398_000,
  forward: 470_000,
  stream: 470_000,
};

/** Functions that wait have a WebSocket of their own; `ws` does without these two where they are missing. */
const WITH_WEBSOCKET = new Set(['forward', 'stream']);
const OF_WS = /^node_modules\/ws\//;
const OPTIONAL_TO_WS = ['bufferutil', 'utf-8-validate'];

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

    it(`${name} needs nothing beside itself but Node`, () => {
      const outside = bundles.get(name)?.imports.filter(({ external }) => external) ?? [];
      const packages = outside.map(({ path }) => path).filter((path) => !isBuiltin(path));
      expect(packages.filter((path) => !(WITH_WEBSOCKET.has(name) && OPTIONAL_TO_WS.includes(path)))).to.deep.equal([]);
    });
  }
});

/** @returns the metafile's outputs, by the function's name */
async function bundle(entryPoints: readonly string[]): Promise<Map<string, Metafile['outputs'][string]>> {
  const { outputFileExtension = '.js', exclude, ...options } = esbuildSettings();
  expect(exclude, 'serverless.yml leaves nothing out of the bundles').to.equal('[]');
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    bundle: options.bundle === 'true',
    minify: options.minify === 'true',
    mainFields: (options.mainFields ?? '').split(/[[\], ]+/).filter((field) => field !== ''),
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

/** `functions.*.handler`, as the files they are in. */
function serverlessHandlers(): string[] {
  return [...serverlessYml().matchAll(/^ {4}handler: (\S+)\.handler$/gm)].map(([, path = '']) => `${path}.ts`);
}

function serverlessYml(): string {
  return readFileSync(new URL('serverless.yml', `file://${ROOT}`), 'utf8');
}
