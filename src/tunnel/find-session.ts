import type { Candidate, ChoiceDependencies } from './choose-session.ts';
import { inOrder } from './choose-session.ts';
import { hasExpired, presentSessions, RETURN_SECONDS, returningSessions } from './claim.ts';
import type { Failure } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type { Clock, Tunnel } from './ports.ts';
import type { RecentTunnels } from './recent-tunnels.ts';

export interface FindSessionDependencies extends ChoiceDependencies {
  readonly tunnels: Pick<RecentTunnels, 'read' | 'recall'>;
  readonly clock: Clock;
}

/** Milliseconds between two looks at a tunnel whose agent is expected back. */
const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 250;
const PAUSE_GROWTH = 1.4;

/** What is left of the door's time for the exchange itself, in milliseconds. */
const EXCHANGE_MS = 1_000;

/**
 * The agent to ask next. Where there is none, but one has lost its connection a moment ago, waits for its next.
 * @param avoided connections that have been tried
 * @param deadline epoch milliseconds
 */
export async function findSession(
  tunnelId: string,
  sourceIp: string,
  avoided: ReadonlySet<string>,
  deadline: number,
  dependencies: FindSessionDependencies,
): Promise<{ readonly kind: 'found'; readonly candidate: Candidate } | Failure> {
  const { tunnels, clock } = dependencies;
  const candidateIn = (tunnel: Tunnel) =>
    inOrder(presentSessions(tunnel, Math.floor(clock.now() / 1_000)), tunnel.balance, sourceIp, dependencies).find(
      ({ session }) => !avoided.has(session.connectionId),
    );
  const giveUpAt = Math.min(clock.now() + RETURN_SECONDS * 1_000, deadline - EXCHANGE_MS);
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE_MS)) {
    const recalled = tunnels.recall(tunnelId);
    const remembered = recalled && candidateIn(recalled);
    if (remembered) return { kind: 'found', candidate: remembered };
    const tunnel = await tunnels.read(tunnelId);
    const now = Math.floor(clock.now() / 1_000);
    if (!tunnel || hasExpired(tunnel, now)) return failure('tunnel_not_found');
    const candidate = candidateIn(tunnel);
    if (candidate) return { kind: 'found', candidate };
    const expected = Object.keys(returningSessions(tunnel, now)).length > 0;
    if (!expected || clock.now() + pause > giveUpAt) return failure('agent_offline');
    await clock.sleep(pause);
  }
}
