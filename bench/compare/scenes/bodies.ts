import { inRounds, type Stage, withTunnel } from '../entrant.ts';
import { isProblem } from '../load.ts';

const MB = 1_000_000;

/** Large bodies, one after the other, that no codec makes smaller. */
export async function runBodies(stage: Stage): Promise<void> {
  const { book, load, settings } = stage;
  const ways = [
    ['down 1 MB', (url: string, ms: number) => load.download(url, MB, ms)],
    ['up 1 MB', (url: string, ms: number) => load.upload(url, MB, ms)],
    ['down 25 MB', (url: string, ms: number) => load.download(url, 25 * MB, ms)],
  ] as const;
  for (const [scene, transfer] of ways) {
    for (const { name } of stage.entrants) {
      const smaller = book.problem('down 1 MB', name);
      // It would only take its time to fail again.
      if (scene === 'down 25 MB' && smaller !== undefined) book.fail(scene, name, `1 MB: ${smaller}`);
    }
    await inRounds(stage, scene, stage.entrants, (entrant, counts) =>
      withTunnel(entrant, async ({ url }) => {
        const measured = await transfer(url, counts ? settings.measureMs : settings.bodyWarmUpMs);
        if (isProblem(measured)) throw new Error(measured.problem);
        if (counts) book.add(scene, entrant.name, 'MB/s', measured.mbPerSecond);
      }),
    );
  }
}
