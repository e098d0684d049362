import type { RandomBytes } from '../protocol/ids.ts';
import type { Balance } from '../protocol/messages.ts';
import type { Hashes, TunnelSession } from './ports.ts';

/** One of a tunnel's agents. */
export interface Candidate {
  readonly sessionId: string;
  readonly session: TunnelSession;
}

export interface ChoiceDependencies {
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly randomBytes: RandomBytes;
}

/**
 * The sessions of a tunnel in the order in which a request is offered to them: by chance (`spread`); the same one for the same
 * visitor as long as it is there (`sticky`, by the visitor's address); the one that came first (`failover`).
 */
export function inOrder(
  sessions: Readonly<Record<string, TunnelSession>>,
  balance: Balance,
  sourceIp: string,
  { hashes, randomBytes }: ChoiceDependencies,
): Candidate[] {
  const candidates = Object.entries(sessions).map(([sessionId, session]) => ({ sessionId, session }));
  if (candidates.length < 2) return candidates;
  switch (balance) {
    case 'spread':
      return sorted(candidates, (_, at, chance) => chance[at] ?? 0, randomBytes(candidates.length));
    case 'sticky':
      // Each pair of visitor and session has its own rank, so one that leaves moves nobody but its own visitors.
      return sorted(candidates, ({ sessionId }) => rank(hashes.sha256(`${sourceIp}\n${sessionId}`)));
    case 'failover':
      return sorted(candidates, ({ session }) => session.since);
  }
}

/** Ties go by the session's name, so that every request sees the same order. */
function sorted(
  candidates: readonly Candidate[],
  weight: (candidate: Candidate, at: number, chance: Uint8Array) => number,
  chance: Uint8Array = new Uint8Array(0),
): Candidate[] {
  return candidates
    .map((candidate, at) => ({ candidate, weight: weight(candidate, at, chance) }))
    .sort((a, b) => a.weight - b.weight || (a.candidate.sessionId < b.candidate.sessionId ? -1 : 1))
    .map(({ candidate }) => candidate);
}

function rank([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return ((a * 256 + b) * 256 + c) * 256 + d;
}
