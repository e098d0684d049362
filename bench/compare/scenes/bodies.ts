import { inRounds, type Stage } from '../entrant.ts';
import { isProblem } from '../load.ts';

const MB = 1_000_000;

/** Large bodies, one after the other, that no codec makes smaller. */
export async function runBodies(stage: Stage): Promise<void> {
  const { book, load, settings } = stage;
  const ways = [
    ['down 1 MB', (url: string) => load.download(url, MB, settings.measureMs)],
    ['up 1 MB', (url: string) => load.upload(url, MB, settings.measureMs)],
    ['down 25 MB', (url: string) => load.download(url, 25 * MB, settings.measureMs)],
  ] as const;
  for (const [scene, transfer] of ways) {
    await inRounds(stage, scene, stage.entrants, async ({ name, tunnel }, counts) => {
      const measured = await transfer(tunnel.url);
      if (isProblem(measured)) throw new Error(measured.problem);
      if (counts) book.add(scene, name, 'MB/s', measured.mbPerSecond);
    });
  }
}
