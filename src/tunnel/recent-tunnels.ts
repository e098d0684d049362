import type { Clock, Tunnel, TunnelStore } from './ports.ts';

/**
 * How old what is known of a tunnel may be, in milliseconds. A renewed connection is kept open for 35 s after its next is there, which
 * is longer than this and the longest request of a door that waits for whole answers; one that is gone answers 410, which delivers
 * nothing and sends us to the table (MG-06).
 */
const FRESH_MS = 5_000;

/** Tunnels that one environment remembers at most. */
const MOST = 1_000;

/** A store that can also tell what it read a moment ago. */
export interface RecentTunnels extends TunnelStore {
  /** What was read within the last {@link FRESH_MS}; undefined where nothing was. */
  recall(tunnelId: string): Tunnel | undefined;
  /** Something turned out to be true no more. */
  forget(tunnelId: string): void;
}

export function rememberTunnels(tunnels: TunnelStore, clock: Pick<Clock, 'now'>): RecentTunnels {
  const known = new Map<string, { readonly tunnel: Tunnel; readonly readAt: number }>();

  function remember(tunnel: Tunnel): void {
    known.delete(tunnel.tunnelId);
    known.set(tunnel.tunnelId, { tunnel, readAt: clock.now() });
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
  }

  return {
    async read(tunnelId) {
      const tunnel = await tunnels.read(tunnelId);
      if (tunnel) remember(tunnel);
      else known.delete(tunnelId);
      return tunnel;
    },

    async write(tunnel) {
      const written = await tunnels.write(tunnel);
      known.delete(tunnel.tunnelId);
      return written;
    },

    ofOwner: (owner, limit) => tunnels.ofOwner(owner, limit),

    recall(tunnelId) {
      const entry = known.get(tunnelId);
      return entry && clock.now() - entry.readAt < FRESH_MS ? entry.tunnel : undefined;
    },

    forget: (tunnelId) => void known.delete(tunnelId),
  };
}
