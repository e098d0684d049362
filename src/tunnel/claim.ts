import type { Tunnel, TunnelSession } from './ports.ts';

/** How long an id stays its owner's after its last agent has gone, in seconds. */
export const HOLD_SECONDS = 86_400;

/** More agents than this on one id are refused the oldest's place; it bounds the item. */
const MAX_SESSIONS = 50;

export interface Claim {
  readonly tunnelId: string;
  readonly owner: string;
  readonly sessionId: string;
  readonly session: TunnelSession;
  /** Epoch seconds. */
  readonly now: number;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly tunnel: Tunnel }
  /** Somebody else's. */
  | { readonly kind: 'taken' }
  /** The session has a newer connection already. */
  | { readonly kind: 'stale' };

/**
 * Gives a session its place in a tunnel, or says why not. A session's newer connection replaces its older one, also
 * while that one is still half-open; other sessions of the same owner keep theirs.
 * @param current the tunnel's item as it was read, expired or not
 */
export function claim(current: Tunnel | undefined, { tunnelId, owner, sessionId, session, now }: Claim): ClaimResult {
  const mine = current !== undefined && current.owner === owner;
  if (current && !mine && current.expiresAt > now) return { kind: 'taken' };
  const present = mine ? livingSessions(current, now) : {};
  const before = present[sessionId];
  if (before && before.epoch > session.epoch) return { kind: 'stale' };
  const others = Object.entries(present).filter(([id]) => id !== sessionId);
  const kept = others.sort(([, a], [, b]) => b.until - a.until).slice(0, MAX_SESSIONS - 1);
  return {
    kind: 'claimed',
    tunnel: {
      tunnelId,
      owner,
      sessions: { ...Object.fromEntries(kept), [sessionId]: session },
      version: (current?.version ?? 0) + 1,
      expiresAt: Math.max(session.until, ...kept.map(([, other]) => other.until)) + HOLD_SECONDS,
    },
  };
}

/**
 * Takes a connection out of its tunnel; undefined when it is not in it (any more), so that nothing need be written.
 * The id stays its owner's for {@link HOLD_SECONDS}.
 */
export function leave(current: Tunnel, connectionId: string, now: number): Tunnel | undefined {
  const entries = Object.entries(current.sessions);
  const kept = entries.filter(([, session]) => session.connectionId !== connectionId);
  if (kept.length === entries.length) return undefined;
  const lastsUntil = Math.max(now, ...kept.map(([, session]) => session.until));
  return {
    ...current,
    sessions: Object.fromEntries(kept),
    version: current.version + 1,
    expiresAt: lastsUntil + HOLD_SECONDS,
  };
}

/** The sessions whose connection can still be alive: AWS ends every one after two hours (WS-47). */
export function livingSessions(tunnel: Tunnel, now: number): Record<string, TunnelSession> {
  return Object.fromEntries(Object.entries(tunnel.sessions).filter(([, session]) => session.until > now));
}
