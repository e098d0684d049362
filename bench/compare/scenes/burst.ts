import { inRounds, type Stage, withTunnel } from '../entrant.ts';
import { isProblem } from '../load.ts';

/** So often, until a hundred environments are there and have compiled the most of what they run. */
const WARM_UPS = 6;

/** What takes longer is measured once, in seconds: localtunnel's ten connections, of which it loses some, take 10 to 40. */
const LONG_S = 10;

/**
 * Requests at once to an upstream that takes a second. Each design has its rounds one after the other: while others have their turns its
 * environments would idle for a minute and more, and every round would measure how they are woken.
 */
export async function runBurst(stage: Stage): Promise<void> {
  const { book, load, settings } = stage;
  const count = settings.quick ? 10 : 100;
  const once = async (url: string) => {
    const measured = await load.burst(url, count, 1_000);
    if (isProblem(measured)) throw new Error(measured.problem);
    return measured;
  };
  const long = new Set<string>();
  for (const entrant of stage.entrants) {
    const { name, design } = entrant;
    const visit = async (url: string, counts: boolean) => {
      for (let more = counts || !design.environments ? 0 : WARM_UPS - 1; more > 0; more -= 1) await once(url);
      const { seconds, failures } = await once(url);
      if (seconds > LONG_S && !design.environments) long.add(name);
      if (!counts && !long.has(name)) return;
      for (const failure of failures) book.note('burst', name, failure);
      book.add('burst', name, 'seconds', seconds);
    };
    await inRounds(stage, 'burst', [entrant], async (_, counts) => {
      if (!long.has(name)) await withTunnel(entrant, ({ url }) => visit(url, counts));
    });
  }
}
