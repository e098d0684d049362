import { inRounds, type Stage } from '../entrant.ts';
import { isProblem } from '../load.ts';

/** Requests at once to an upstream that takes a second. */
export async function runBurst(stage: Stage): Promise<void> {
  const { book, load, settings } = stage;
  const count = settings.quick ? 10 : 100;
  const once = async (url: string) => {
    const measured = await load.burst(url, count, 1_000);
    if (isProblem(measured)) throw new Error(measured.problem);
    return measured;
  };
  await inRounds(stage, 'burst', stage.entrants, async ({ name, tunnel, design }, counts) => {
    // Those that other designs' turns have left without work are there again, and awake.
    if (design.environments || !counts) await once(tunnel.url);
    if (!counts) return;
    const { seconds, failures } = await once(tunnel.url);
    for (const failure of failures) book.note('burst', name, failure);
    book.add('burst', name, 'seconds', seconds);
  });
}
