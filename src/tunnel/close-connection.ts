import { leave } from './claim.ts';
import type { Clock, ConnectionStore, Log, TunnelStore } from './ports.ts';

export interface CloseConnectionDependencies {
  readonly connections: ConnectionStore;
  readonly tunnels: TunnelStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** `$disconnect`: best effort by AWS's own word (WS-60), so nothing may depend on it having run. */
export async function closeConnection(
  connectionId: string,
  reason: string,
  { connections, tunnels, clock, log }: CloseConnectionDependencies,
): Promise<void> {
  const connection = await connections.remove(connectionId);
  const tunnelId = connection?.attached?.tunnelId;
  if (tunnelId !== undefined) await leaveTunnel(tunnelId, connectionId, { tunnels, clock });
  log('info', 'agent disconnected', { connectionId, tunnelId, reason });
}

const ATTEMPTS = 6;

/** Takes a connection out of its tunnel, unless a newer one of its session has taken its place. */
export async function leaveTunnel(
  tunnelId: string,
  connectionId: string,
  { tunnels, clock }: Pick<CloseConnectionDependencies, 'tunnels' | 'clock'>,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const tunnel = await tunnels.read(tunnelId);
    const without = tunnel && leave(tunnel, connectionId, Math.floor(clock.now() / 1000));
    if (!without || (await tunnels.write(without))) return;
  }
  throw new Error(`the connection could not be taken out of its tunnel in ${ATTEMPTS} attempts`);
}
