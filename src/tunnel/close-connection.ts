import type { RandomBytes } from '../protocol/ids.ts';
import { goAway, leave } from './claim.ts';
import { ATTEMPTS, pauseBefore } from './contention.ts';
import type { Clock, ConnectionStore, Log, Tunnel, TunnelStore } from './ports.ts';

export interface CloseConnectionDependencies {
  readonly connections: ConnectionStore;
  readonly tunnels: TunnelStore;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}

/** `$disconnect`: best effort by AWS's own word (WS-60), so nothing may depend on it having run. */
export async function closeConnection(
  connectionId: string,
  reason: string,
  { connections, tunnels, clock, randomBytes, log }: CloseConnectionDependencies,
): Promise<void> {
  const connection = await connections.remove(connectionId);
  const tunnelId = connection?.attached?.tunnelId;
  if (tunnelId !== undefined) await goAwayFrom(tunnelId, connectionId, { tunnels, clock, randomBytes });
  log('info', 'agent disconnected', { connectionId, tunnelId, reason });
}

/** Takes a connection out of its tunnel, unless a newer one of its session has taken its place. */
export function leaveTunnel(tunnelId: string, connectionId: string, dependencies: ChangeDependencies): Promise<void> {
  return change(tunnelId, (tunnel, now) => leave(tunnel, connectionId, now), dependencies);
}

/** Notes that a connection has gone and its agent is expected back, unless it is back already. */
export function goAwayFrom(tunnelId: string, connectionId: string, dependencies: ChangeDependencies): Promise<void> {
  return change(tunnelId, (tunnel, now) => goAway(tunnel, connectionId, now), dependencies);
}

type ChangeDependencies = Pick<CloseConnectionDependencies, 'tunnels' | 'clock' | 'randomBytes'>;

async function change(
  tunnelId: string,
  changeOf: (tunnel: Tunnel, now: number) => Tunnel | undefined,
  { tunnels, clock, randomBytes }: ChangeDependencies,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await pauseBefore(attempt, { clock, randomBytes });
    const tunnel = await tunnels.read(tunnelId);
    const without = tunnel && changeOf(tunnel, Math.floor(clock.now() / 1000));
    if (!without || (await tunnels.write(without))) return;
  }
  throw new Error(`the connection could not be taken out of its tunnel in ${ATTEMPTS} attempts`);
}
