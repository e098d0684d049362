import type { RandomBytes } from '../protocol/ids.ts';
import type { Clock } from './ports.ts';

/** Writers on one tunnel: many agents may come and go at once, and each change waits for the one before. */
export const ATTEMPTS = 10;

const FIRST_CEILING_MS = 15;

/** A pause before another attempt at a change that somebody else's came before: by chance, so that writers part. */
export async function pauseBefore(
  attempt: number,
  { clock, randomBytes }: { readonly clock: Clock; readonly randomBytes: RandomBytes },
): Promise<void> {
  if (attempt === 0) return;
  const [chance = 0] = randomBytes(1);
  await clock.sleep(Math.ceil((chance / 255) * Math.min(FIRST_CEILING_MS * 2 ** attempt, 500)));
}
