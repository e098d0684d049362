const SCENES = ['small', 'bodies', 'burst', 'start', 'agents', 'tunnels', 'latency', 'price'] as const;
export type SceneName = (typeof SCENES)[number];

/** Every environment compiles the code for itself, and wants some thousand requests until it has. */
export interface Span {
  /** Milliseconds. */
  readonly ms: number;
  readonly requests: number;
}

export interface BenchSettings {
  readonly rounds: number;
  readonly scenes: readonly SceneName[];
  /** Milliseconds of one measurement. */
  readonly measureMs: number;
  /** The round that warms up, which ends with the first of both. */
  readonly warmUp: Span;
  /** Milliseconds of it where bodies are large. */
  readonly bodyWarmUpMs: number;
  /** Milliseconds that come before each measurement of small requests and count for nothing: meanwhile others had their turns. */
  readonly runInMs: number;
  /** A smoke run: says whether everything works, and measures nothing that could be quoted. */
  readonly quick: boolean;
}

/** @throws on a scene that there is not, or a number of rounds that is none */
export function readBenchSettings({ BENCH_QUICK, BENCH_ROUNDS, BENCH_SCENES }: NodeJS.ProcessEnv): BenchSettings {
  const quick = BENCH_QUICK === '1';
  const rounds = Number(BENCH_ROUNDS ?? (quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`BENCH_ROUNDS=${BENCH_ROUNDS}: expected 1 or more`);
  const scenes = BENCH_SCENES?.split(',').map((name) => {
    const scene = SCENES.find((known) => known === name);
    if (!scene) throw new Error(`BENCH_SCENES: there is no "${name}"; there are ${SCENES.join(', ')}`);
    return scene;
  });
  return {
    rounds,
    scenes: scenes ?? SCENES,
    measureMs: quick ? 300 : 1_200,
    warmUp: quick ? { ms: 300, requests: 100 } : { ms: 15_000, requests: 5_000 },
    bodyWarmUpMs: quick ? 300 : 5_000,
    runInMs: quick ? 0 : 800,
    quick,
  };
}
