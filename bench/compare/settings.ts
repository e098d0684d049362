const SCENES = ['small', 'bodies', 'burst', 'start', 'agents', 'tunnels', 'latency', 'price'] as const;
export type SceneName = (typeof SCENES)[number];

export interface BenchSettings {
  readonly rounds: number;
  readonly scenes: readonly SceneName[];
  /** Milliseconds of one measurement. */
  readonly measureMs: number;
  /** Milliseconds of the round of small requests that warms up: every environment compiles the code for itself, and wants a thousand of them. */
  readonly warmUpMs: number;
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
    warmUpMs: quick ? 300 : 8_000,
    runInMs: quick ? 0 : 800,
    quick,
  };
}
