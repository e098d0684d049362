import type { Stage } from '../entrant.ts';
import { residentBytes } from '../resident.ts';

/** Resident memory of agents and of what stands before them, as it is at this moment. */
export async function noteMemory({ book, entrants }: Stage, when: 'idle' | 'after load'): Promise<void> {
  for (const { name, tunnel, design } of entrants) {
    for (const [who, pid] of [
      ['agent', tunnel.agent],
      ['server', design.server],
    ] as const) {
      const bytes = pid === undefined ? undefined : await residentBytes(pid);
      if (bytes !== undefined) book.add(`memory ${when}`, name, `${who} MB`, bytes / 1e6);
    }
  }
}
