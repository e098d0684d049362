import { encode } from '../protocol/codec.ts';
import { isTunnelId } from '../protocol/ids.ts';
import type { Ids, IdsQuestion, IdsRefusalCode, OwnedId } from '../protocol/messages.ts';
import { hasExpired, isReserved, presentSessions, release, reserve, returningSessions } from './claim.ts';
import { ownerOf } from './owner.ts';
import type { Clock, ConnectionStore, Hashes, Log, PostToConnection, Tunnel, TunnelStore } from './ports.ts';

export interface TunnelIdsDependencies {
  readonly tunnels: TunnelStore;
  readonly connections: Pick<ConnectionStore, 'read'>;
  readonly post: PostToConnection;
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * The most ids that one owner may reserve. They are counted by an index that lags (DD-01), so that of several reserved in
 * the same moment one or two may come above it.
 */
export const MAX_RESERVED = 100;

/** The most ids that an answer lists: about 70 KB, well inside a message. The reserved ones are always among them. */
export const MAX_LISTED = 500;

/** Items read at a time. */
const WAVE = 25;

const ATTEMPTS = 6;

type Answer =
  | { readonly kind: 'done'; readonly ids: readonly OwnedId[]; readonly more?: boolean }
  | { readonly kind: 'refused'; readonly code: IdsRefusalCode };

/** `ids`: tells an owner of its tunnel ids, keeps one for it, or gives one up. The connection needs no tunnel of its own. */
export async function answerIds(
  connectionId: string,
  message: Ids,
  dependencies: TunnelIdsDependencies,
): Promise<void> {
  const { connections, post, hashes, log } = dependencies;
  const connection = await connections.read(connectionId);
  if (!connection) {
    log('warn', 'ids from a connection that is not open', { connectionId });
    return;
  }
  const answer = await answerTo(message, ownerOf(connection, message, hashes), dependencies);
  const { ask, operation } = message;
  const told = await post(
    connectionId,
    answer.kind === 'done'
      ? encode({ type: 'ids_result', ask, ids: answer.ids, more: answer.more ?? false })
      : encode({ type: 'ids_refused', ask, code: answer.code, message: REFUSALS[answer.code] }),
  );
  const tunnelId = operation === 'list' ? undefined : message.tunnelId.slice(0, 64);
  const code = answer.kind === 'refused' ? answer.code : undefined;
  log(code ? 'warn' : 'info', 'tunnel ids', { connectionId, operation, tunnelId, code, told });
}

function answerTo(question: IdsQuestion, owner: string, dependencies: TunnelIdsDependencies): Promise<Answer> | Answer {
  if (question.operation === 'list') return listIds(owner, dependencies);
  const { operation, tunnelId } = question;
  if (!isTunnelId(tunnelId)) return { kind: 'refused', code: 'tunnel_id_invalid' };
  return operation === 'reserve' ? reserveId(tunnelId, owner, dependencies) : releaseId(tunnelId, owner, dependencies);
}

async function listIds(owner: string, { tunnels, clock }: TunnelIdsDependencies): Promise<Answer> {
  const found = await tunnels.ofOwner(owner, MAX_LISTED + 1);
  const now = seconds(clock);
  const mine = await readOwned(found.slice(0, MAX_LISTED), owner, now, tunnels);
  const ids = mine.map((tunnel) => ownedId(tunnel, now));
  ids.sort((one, other) => Number(other.reserved) - Number(one.reserved) || (one.tunnelId < other.tunnelId ? -1 : 1));
  return { kind: 'done', ids, more: found.length > MAX_LISTED };
}

async function reserveId(tunnelId: string, owner: string, { tunnels, clock }: TunnelIdsDependencies): Promise<Answer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const now = seconds(clock);
    const current = await tunnels.read(tunnelId);
    if (current?.owner === owner && isReserved(current)) return { kind: 'done', ids: [ownedId(current, now)] };
    const reserved = reserve(current, tunnelId, owner, now);
    if (!reserved) return { kind: 'refused', code: 'tunnel_id_taken' };
    const others = await readOwned(await tunnels.ofOwner(owner, MAX_RESERVED), owner, now, tunnels);
    if (others.filter(isReserved).length >= MAX_RESERVED) return { kind: 'refused', code: 'too_many_ids' };
    if (await tunnels.write(reserved)) return { kind: 'done', ids: [ownedId(reserved, now)] };
  }
  throw new Error(`the tunnel id could not be reserved in ${ATTEMPTS} attempts`);
}

/** Of an id that was given up already nothing is left to do, so that a question which comes twice is answered alike (WS-45). */
async function releaseId(tunnelId: string, owner: string, dependencies: TunnelIdsDependencies): Promise<Answer> {
  const { tunnels, clock } = dependencies;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const now = seconds(clock);
    const current = await tunnels.read(tunnelId);
    if (current?.owner !== owner) return { kind: 'refused', code: 'tunnel_id_not_yours' };
    if (hasExpired(current, now)) return { kind: 'done', ids: [] };
    if (await isServed(current, now, dependencies)) return { kind: 'refused', code: 'tunnel_id_in_use' };
    if (await tunnels.write(release(current, now))) return { kind: 'done', ids: [] };
  }
  throw new Error(`the tunnel id could not be released in ${ATTEMPTS} attempts`);
}

/** Asks the connections themselves, since not every one that has gone was said goodbye to (WS-60). */
async function isServed(tunnel: Tunnel, now: number, { post }: TunnelIdsDependencies): Promise<boolean> {
  if (Object.keys(returningSessions(tunnel, now)).length > 0) return true;
  const present = Object.values(presentSessions(tunnel, now));
  const told = await Promise.all(present.map(({ connectionId }) => post(connectionId, encode({ type: 'ping' }))));
  return told.some((result) => result !== 'gone');
}

/** What an index said of an owner may be old: each item is read again, and what is not the owner's any more is left out. */
async function readOwned(
  ids: readonly string[],
  owner: string,
  now: number,
  tunnels: Pick<TunnelStore, 'read'>,
): Promise<Tunnel[]> {
  const owned: Tunnel[] = [];
  for (let at = 0; at < ids.length; at += WAVE) {
    const read = await Promise.all(ids.slice(at, at + WAVE).map((id) => tunnels.read(id)));
    owned.push(...read.flatMap((tunnel) => (tunnel?.owner === owner && !hasExpired(tunnel, now) ? [tunnel] : [])));
  }
  return owned;
}

function ownedId(tunnel: Tunnel, now: number): OwnedId {
  const { tunnelId, expiresAt } = tunnel;
  return {
    tunnelId,
    reserved: isReserved(tunnel),
    agents: Object.keys(presentSessions(tunnel, now)).length,
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

function seconds(clock: Pick<Clock, 'now'>): number {
  return Math.floor(clock.now() / 1000);
}

const REFUSALS: Readonly<Record<IdsRefusalCode, string>> = {
  tunnel_id_taken: 'this tunnel id belongs to somebody else',
  tunnel_id_invalid: 'a tunnel id is 3 to 63 of a-z, 0-9 and -, and neither begins nor ends with -',
  tunnel_id_not_yours: 'this tunnel id is not yours',
  tunnel_id_in_use: 'an agent serves this tunnel id, or did so a moment ago',
  too_many_ids: `an owner reserves ${MAX_RESERVED} tunnel ids at most`,
};
