/**
 * `npm run bench`: this tunnel beside others and beside what bare Node can do, in one run, as tables (standard output and
 * `bench/results/latest.md`), as JSON and as a picture. `BENCH_ROUNDS` (5), `BENCH_SCENES` (all; see `compare/settings.ts`),
 * `BENCH_QUICK=1` for a smoke run, which writes nothing into the repository. What each row means is in README.md.
 */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Book, createBook } from './compare/book.ts';
import { chart } from './compare/chart.ts';
import type { Design, StartDesign } from './compare/design.ts';
import type { Entrant, Stage } from './compare/entrant.ts';
import { startLoad } from './compare/load.ts';
import { CHAIN, DIRECT, LOCALTUNNEL, POLL, PUSH, SSH, STORY, STREAM } from './compare/names.ts';
import { startBareChain } from './compare/places/bare-chain.ts';
import { startDirect } from './compare/places/direct.ts';
import { startLocaltunnel } from './compare/places/localtunnel.ts';
import { startOpenSsh } from './compare/places/open-ssh.ts';
import { startPostern } from './compare/places/postern.ts';
import { startStory } from './compare/places/story.ts';
import { report } from './compare/report.ts';
import { runAgents } from './compare/scenes/agents.ts';
import { runBodies } from './compare/scenes/bodies.ts';
import { runBurst } from './compare/scenes/burst.ts';
import { runLatency } from './compare/scenes/latency.ts';
import { noteMemory } from './compare/scenes/memory.ts';
import { runPrice } from './compare/scenes/price.ts';
import { runSmall } from './compare/scenes/small.ts';
import { runStart } from './compare/scenes/start.ts';
import { runTunnels } from './compare/scenes/tunnels.ts';
import { readBenchSettings, type SceneName } from './compare/settings.ts';
import { startChild } from './stack/child.ts';

const UPSTREAM = fileURLToPath(new URL('compare/programs/upstream.ts', import.meta.url));
const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** Side by side, all open at the same time; then those that run stacks of their own, when nothing else does. */
const SIDE_BY_SIDE: Partial<Record<SceneName, (stage: Stage) => Promise<void>>> = {
  small: runSmall,
  bodies: runBodies,
  burst: runBurst,
  start: runStart,
};
const ALONE: Partial<Record<SceneName, (stage: Stage) => Promise<void>>> = {
  agents: runAgents,
  tunnels: runTunnels,
  latency: runLatency,
  price: runPrice,
};

const settings = readBenchSettings(process.env);
const startedAt = performance.now();
const machine = `${cpus().length} cores (${cpus()[0]?.model}), load ${loadavg()[0]?.toFixed(1)} at the start`;
const date = new Date().toISOString().slice(0, 10);
const book = createBook();
const say = (what: string) =>
  console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)} s  ${what}`);
const upstream = startChild([UPSTREAM]);
const upstreamPort = await upstream.first<number>();
const load = await startLoad();
const stage = { settings, book, load, upstreamPort, say };
try {
  await play(SIDE_BY_SIDE, () => withEntrants(upstreamPort, book));
  await play(ALONE, async () => ({ entrants: [], stop: async () => {} }));
} finally {
  await load.stop();
  await upstream.stop();
}
await publish();

/** Those of the scenes that are wanted. A scene that breaks is told, and the others go on. */
async function play(
  scenes: Partial<Record<SceneName, (stage: Stage) => Promise<void>>>,
  open: () => Promise<{ readonly entrants: readonly Entrant[]; stop(): Promise<void> }>,
): Promise<void> {
  const wanted = settings.scenes.filter((name) => name in scenes);
  if (wanted.length === 0) return;
  const { entrants, stop } = await open();
  try {
    await noteMemory({ ...stage, entrants }, 'idle');
    for (const name of wanted) {
      try {
        await scenes[name]?.({ ...stage, entrants });
      } catch (error) {
        book.fail(name, 'all', wordsOf(error));
        say(`${name} failed: ${wordsOf(error)}`);
      }
    }
    await noteMemory({ ...stage, entrants }, 'after load');
  } finally {
    await stop();
  }
}

async function withEntrants(port: number, book: Book) {
  const entrants: Entrant[] = [];
  const missing = (name: string, error: unknown) => {
    say(`${name}: ${wordsOf(error)}`);
    for (const scene of ['small 1', 'small 32', 'down 1 MB', 'up 1 MB', 'down 25 MB', 'burst', 'agent start']) {
      book.fail(scene, name, wordsOf(error));
    }
  };
  const enter = async (name: string, start: () => Promise<Design>) => {
    try {
      say(`starting ${name}`);
      const design = await start();
      try {
        entrants.push({ name, design, tunnel: await design.open() });
      } catch (error) {
        await design.stop();
        throw error;
      }
    } catch (error) {
      missing(name, error);
    }
  };
  const peers: readonly (readonly [string, StartDesign])[] = [
    [DIRECT, startDirect],
    [SSH, startOpenSsh],
    [LOCALTUNNEL, startLocaltunnel],
    [STORY, startStory],
    [CHAIN, startBareChain],
  ];
  for (const [name, start] of peers) await enter(name, () => start(port));
  await enter(POLL, async () => (await startPostern('poll', port)).design);
  let streaming: (() => Design) | undefined;
  await enter(PUSH, async () => {
    const postern = await startPostern('push', port);
    streaming = postern.streaming;
    return postern.design;
  });
  await enter(STREAM, async () => {
    if (!streaming) throw new Error('its stack did not start');
    return streaming();
  });
  return {
    entrants,
    async stop() {
      for (const { tunnel } of entrants) await tunnel.stop();
      for (const { design } of entrants) await design.stop();
    },
  };
}

async function publish(): Promise<void> {
  const minutes = (performance.now() - startedAt) / 60_000;
  const circumstances = { date, machine, node: process.version, rounds: settings.rounds, minutes };
  const markdown = report(book, circumstances);
  console.log(markdown);
  const folder = settings.quick ? await mkdtemp(join(tmpdir(), 'postern-bench-')) : RESULTS;
  await mkdir(folder, { recursive: true });
  const json = { ...circumstances, ...book.toJSON() };
  const caption = `postern, ${date}, ${cpus().length} cores, Node ${process.version}; medians of ${settings.rounds} alternating rounds`;
  await writeFile(join(folder, 'latest.md'), markdown);
  await writeFile(join(folder, 'latest.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  await writeFile(join(folder, 'latest.svg'), chart(book, caption));
  say(`written to ${folder}`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
