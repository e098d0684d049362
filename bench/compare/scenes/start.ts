import { setTimeout as sleep } from 'node:timers/promises';
import { inRounds, type Stage } from '../entrant.ts';
import { isProblem, type Load } from '../load.ts';
import { startProgram } from '../program.ts';

const PATIENCE_MS = 30_000;
const TRY_AGAIN_MS = 5;

/** From the start of an agent, and of everything, to a URL that answers. */
export async function runStart(stage: Stage): Promise<void> {
  const { book, load, settings, say } = stage;
  const withAgents = stage.entrants.filter(({ tunnel }) => tunnel.agent !== undefined);
  await inRounds(stage, 'agent start', withAgents, async ({ name, design }, counts) => {
    const startedAt = performance.now();
    const tunnel = await design.open();
    try {
      await untilItAnswers(load, tunnel.url);
      if (counts) book.add('agent start', name, 'ms', performance.now() - startedAt);
    } finally {
      await tunnel.stop();
    }
  });
  for (let round = 0; round <= settings.rounds; round += 1) {
    say(`npm start: ${round === 0 ? 'packaging' : `round ${round} of ${settings.rounds}`}`);
    const startedAt = performance.now();
    // It asks its own public URL, and tells.
    const ready = /"event":"check".*"status":200/;
    const started = await startProgram('npm', ['start', '--silent', '--', '--once', '--json'], { ready });
    if (round > 0) book.add('npm start', 'postern', 'ms', performance.now() - startedAt);
    await started.stop();
  }
}

async function untilItAnswers(load: Load, url: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const asked = await load.visit(url);
    if (!isProblem(asked)) return;
    if (performance.now() > until) throw new Error(asked.problem);
    await sleep(TRY_AGAIN_MS);
  }
}
