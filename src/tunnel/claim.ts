import type { Balance } from '../protocol/messages.ts';
import type { Tunnel, TunnelSession } from './ports.ts';

/** How long an id stays its owner's after its last agent has gone, in seconds. */
export const HOLD_SECONDS = 86_400;

/**
 * How long an agent whose connection has gone is expected back, in seconds. Agents try again within a fraction of a
 * second; requests wait for them so long at most.
 */
export const RETURN_SECONDS = 10;

/** More agents than this on one id are refused the oldest's place; it bounds the item. */
const MAX_SESSIONS = 50;

export interface Claim {
  readonly tunnelId: string;
  readonly owner: string;
  readonly sessionId: string;
  readonly session: Omit<TunnelSession, 'since'>;
  readonly balance: Balance;
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
export function claim(current: Tunnel | undefined, claimed: Claim): ClaimResult {
  const { tunnelId, owner, sessionId, session, balance, now } = claimed;
  const mine = current !== undefined && current.owner === owner;
  if (current && !mine && !hasExpired(current, now)) return { kind: 'taken' };
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
      sessions: { ...Object.fromEntries(kept), [sessionId]: { ...session, since: before?.since ?? now } },
      balance: before && current ? current.balance : balance,
      version: (current?.version ?? 0) + 1,
      ...heldUntil(
        mine ? current : undefined,
        Math.max(session.until, ...kept.map(([, other]) => other.until)) + HOLD_SECONDS,
      ),
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
  return changed(current, Object.fromEntries(kept), now);
}

/**
 * Notes that a session's connection has gone and the session may come back with its next; undefined when the connection is
 * not in the tunnel or that is known already. A version 1 agent's session ends with its connection: it leaves.
 */
export function goAway(current: Tunnel, connectionId: string, now: number): Tunnel | undefined {
  const [sessionId, session] =
    Object.entries(current.sessions).find(([, one]) => one.connectionId === connectionId) ?? [];
  if (!sessionId || !session || session.awaySince !== undefined) return undefined;
  if (session.protocol === 1) return leave(current, connectionId, now);
  return changed(current, { ...current.sessions, [sessionId]: { ...session, awaySince: now } }, now);
}

function changed(current: Tunnel, sessions: Tunnel['sessions'], now: number): Tunnel {
  const there = Object.values(sessions).filter(({ awaySince }) => awaySince === undefined);
  const lastsUntil = Math.max(now, ...there.map(({ until }) => until));
  return { ...current, sessions, version: current.version + 1, ...heldUntil(current, lastsUntil + HOLD_SECONDS) };
}

/** Whether an id has become anybody's; a reserved one never does. */
export function hasExpired({ expiresAt }: Tunnel, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** A reserved id stays so, whoever comes and goes. */
export function isReserved({ expiresAt }: Tunnel): boolean {
  return expiresAt === undefined;
}

function heldUntil(current: Tunnel | undefined, expiresAt: number): Pick<Tunnel, 'expiresAt'> {
  return current && isReserved(current) ? {} : { expiresAt };
}

/** Keeps an id for its owner until it is released, with the agents that serve it. Undefined: somebody else has it. */
export function reserve(current: Tunnel | undefined, tunnelId: string, owner: string, now: number): Tunnel | undefined {
  const mine = current !== undefined && current.owner === owner;
  if (current && !mine && !hasExpired(current, now)) return undefined;
  const { sessions, balance } = mine ? current : { sessions: {}, balance: 'spread' as const };
  return { tunnelId, owner, sessions, balance, version: (current?.version ?? 0) + 1 };
}

/**
 * Gives an id up: from now on it is anybody's. The item stays, so that its version goes on growing and nobody writes over
 * the next owner's; TTL deletes it.
 */
export function release(current: Tunnel, now: number): Tunnel {
  return { ...current, sessions: {}, version: current.version + 1, expiresAt: now };
}

/** The sessions that can take requests: AWS ends every connection after two hours (WS-47). */
export function presentSessions(tunnel: Tunnel, now: number): Record<string, TunnelSession> {
  return select(tunnel, ({ until, awaySince }) => until > now && awaySince === undefined);
}

/** The sessions that are between two connections. */
export function returningSessions(tunnel: Tunnel, now: number): Record<string, TunnelSession> {
  return select(tunnel, ({ awaySince }) => awaySince !== undefined && awaySince + RETURN_SECONDS > now);
}

function livingSessions(tunnel: Tunnel, now: number): Record<string, TunnelSession> {
  return { ...presentSessions(tunnel, now), ...returningSessions(tunnel, now) };
}

function select(tunnel: Tunnel, fits: (session: TunnelSession) => boolean): Record<string, TunnelSession> {
  return Object.fromEntries(Object.entries(tunnel.sessions).filter(([, session]) => fits(session)));
}
