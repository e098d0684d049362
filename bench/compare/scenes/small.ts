import { inRounds, type Stage } from '../entrant.ts';
import { rateOnce } from './rate-once.ts';

const AT_ONCE = [1, 32];

/** Small answers, one at a time and many at once. */
export async function runSmall(stage: Stage): Promise<void> {
  for (const atOnce of AT_ONCE) {
    const scene = `small ${atOnce}`;
    await inRounds(stage, scene, stage.entrants, ({ name, tunnel, design }, counts) => {
      const warmUpMs = design.fragile ? stage.settings.measureMs : stage.settings.warmUpMs;
      return rateOnce(stage, { scene, name, urls: [tunnel.url], atOnce, counts, warmUpMs });
    });
  }
}
