/**
 * `npm run bench:cold`: how long each function's bundle takes to load in a fresh Node, beside a handler that does nothing and one that does
 * nothing but a signed fetch. The bundles are those that deploy; runs alternate; medians count.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { packagedStack } from './stack/packaged-stack.ts';

const RUNS = Number(process.env.BENCH_ROUNDS ?? 21);
const FUNCTIONS = ['connect', 'disconnect', 'message', 'forward', 'stream'];

/** What a fresh process runs: Lambda's global is there, and the clock starts with the bundle's `require`. */
const PROBE = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: { from: (stream) => stream } };
  const began = performance.now();
  if (typeof require(process.argv[1]).handler !== 'function') throw new Error('no handler');
  process.stdout.write(String(performance.now() - began));
`;

interface Bundle {
  readonly name: string;
  readonly file: string;
  /** Of the deployed zip; absent for what does not deploy. */
  readonly zipBytes?: number;
}

const folder = await mkdtemp(join(tmpdir(), 'postern-cold-'));
try {
  const bundles = [await emptyHandler(), await signedFetch(), ...(await deployed())];
  const times = new Map(bundles.map(({ name }) => [name, [] as number[]]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const { name, file } of bundles) times.get(name)?.push(await load(file));
  }
  await print(bundles, times);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function emptyHandler(): Promise<Bundle> {
  const file = join(folder, 'empty.cjs');
  await writeFile(file, 'exports.handler = async () => ({ statusCode: 200 });\n');
  return { name: 'an empty handler', file };
}

async function signedFetch(): Promise<Bundle> {
  const file = join(folder, 'signed-fetch.cjs');
  const entry = fileURLToPath(new URL('cold/signed-fetch.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile: file, bundle: true, minify: true, platform: 'node', target: 'node20' });
  return { name: 'a signed fetch', file };
}

async function deployed(): Promise<Bundle[]> {
  const { stack, folder: packages } = await packagedStack(join(folder, 'code'));
  return Promise.all(
    FUNCTIONS.map(async (name) => {
      const fn = stack.functions.find((one) => one.handler.endsWith(`/${name}.handler`));
      if (!fn) throw new Error(`the stack has no function ${name}`);
      const { size: zipBytes } = await stat(join(packages, `${name}.zip`));
      return { name, file: join(fn.codeFolder, fn.handler.replace(/\.handler$/, '.cjs')), zipBytes };
    }),
  );
}

/** @returns milliseconds */
async function load(file: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', PROBE, file]);
  return Number(stdout);
}

async function print(bundles: readonly Bundle[], times: ReadonlyMap<string, readonly number[]>): Promise<void> {
  const median = (name: string) => [...(times.get(name) ?? [])].sort((a, b) => a - b)[RUNS >> 1] ?? 0;
  const floor = median('a signed fetch');
  const machine = `${cpus().length} cores (${cpus()[0]?.model}), load ${loadavg()[0]?.toFixed(1)} at the end`;
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.version}, medians of ${RUNS} runs\n`,
  );
  console.log('| bundle | KB | zip KB | load ms | of a signed fetch |\n|---|---|---|---|---|');
  for (const { name, file, zipBytes } of bundles) {
    const { size } = await stat(file);
    const ms = median(name);
    const zip = zipBytes === undefined ? '' : (zipBytes / 1_024).toFixed(0);
    console.log(`| ${name} | ${(size / 1_024).toFixed(0)} | ${zip} | ${ms.toFixed(1)} | ${(ms / floor).toFixed(2)} |`);
  }
}
