import { inRounds, type Stage, withTunnel } from '../entrant.ts';
import { rateOnce } from './rate-once.ts';

const AT_ONCE = [1, 32];

/** Small answers, one at a time and many at once. */
export async function runSmall(stage: Stage): Promise<void> {
  for (const atOnce of AT_ONCE) {
    const scene = `small ${atOnce}`;
    await inRounds(stage, scene, stage.entrants, (entrant, counts) =>
      withTunnel(entrant, ({ url }) => rateOnce(stage, { scene, name: entrant.name, urls: [url], atOnce, counts })),
    );
  }
}
