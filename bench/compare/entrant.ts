import type { Book } from './book.ts';
import type { Design, Tunnel } from './design.ts';
import type { Load } from './load.ts';
import type { BenchSettings } from './settings.ts';

/** A design that runs, with a tunnel open. */
export interface Entrant {
  readonly name: string;
  readonly design: Design;
  readonly tunnel: Tunnel;
}

/** What a scene works with. */
export interface Stage {
  readonly settings: BenchSettings;
  readonly book: Book;
  readonly load: Load;
  /** On this machine. */
  readonly upstreamPort: number;
  readonly entrants: readonly Entrant[];
  say(what: string): void;
}

/** Its tunnel, or one of its own where tunnels do not last. */
export async function withTunnel(
  { design, tunnel }: Entrant,
  act: (tunnel: Pick<Tunnel, 'url'>) => Promise<void>,
): Promise<void> {
  if (!design.fragile) return act(tunnel);
  const fresh = await design.open();
  try {
    await act(fresh);
  } finally {
    await fresh.stop();
  }
}

/** Milliseconds. */
const QUICK_MS = 5_000;

/**
 * Rounds, each of every entrant that has not failed in this scene, in turns: every second round begins at the other end, so
 * that nobody always comes after the same one. The round before the first warms up and counts for nothing.
 */
export async function inRounds<Named extends { readonly name: string }>(
  { settings, book, say }: Pick<Stage, 'settings' | 'book' | 'say'>,
  scene: string,
  entrants: readonly Named[],
  act: (entrant: Named, counts: boolean) => Promise<void>,
): Promise<void> {
  for (let round = 0; round <= settings.rounds; round += 1) {
    say(`${scene}: ${round === 0 ? 'warming up' : `round ${round} of ${settings.rounds}`}`);
    for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed()) {
      if (book.problem(scene, entrant.name) !== undefined) continue;
      const startedAt = performance.now();
      try {
        await act(entrant, round > 0);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        // What is quick to fail gets another chance after the warming round.
        if (round === 0 && performance.now() - startedAt < QUICK_MS) book.note(scene, entrant.name, `at first: ${why}`);
        else book.fail(scene, entrant.name, why);
      }
    }
  }
}
