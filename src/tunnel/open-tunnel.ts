import { encode } from '../protocol/codec.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { isTunnelId, randomTunnelId } from '../protocol/ids.ts';
import type { AgentHello, RefusalCode } from '../protocol/messages.ts';
import { tunnelUrls } from './addressing.ts';
import { claim } from './claim.ts';
import { goAwayFrom, leaveTunnel } from './close-connection.ts';
import { ATTEMPTS, pauseBefore } from './contention.ts';
import { ownerOf } from './owner.ts';
import type {
  Attachment,
  Clock,
  Connection,
  ConnectionStore,
  Hashes,
  Log,
  Pace,
  PostToConnection,
  PublicAddress,
  TunnelStore,
} from './ports.ts';
import { sessionOfConnection } from './request-id.ts';

export interface OpenTunnelDependencies {
  readonly tunnels: TunnelStore;
  readonly connections: ConnectionStore;
  readonly post: PostToConnection;
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly address: PublicAddress;
  readonly pace: Pace;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * `ready`: gives the agent its tunnel and tells it where it is, or refuses it with a reason.
 * A second `ready` on the same connection is answered with the tunnel it already has.
 */
export async function openTunnel(
  connectionId: string,
  hello: AgentHello | undefined,
  dependencies: OpenTunnelDependencies,
): Promise<void> {
  const { connections, post, log } = dependencies;
  const connection = await connections.read(connectionId);
  if (!connection) {
    log('warn', 'ready from a connection that is not open', { connectionId });
    return;
  }
  const opened = connection.attached
    ? { kind: 'opened' as const, attachment: connection.attached }
    : await claimTunnel(connection, hello, dependencies);
  switch (opened.kind) {
    case 'refused':
      log('warn', 'tunnel refused', { connectionId, tunnelId: hello?.tunnelId, code: opened.code });
      await post(connectionId, encode({ type: 'refused', code: opened.code, message: REFUSALS[opened.code] }));
      return;
    case 'superseded':
      log('info', 'ready of a connection already replaced', { connectionId });
      return;
    case 'opened':
      return greet(connection, opened.attachment, hello?.agent ?? 'version 1', dependencies);
  }
}

/** Ties the connection to the tunnel it has claimed and says so; gives the tunnel back when the connection is gone. */
async function greet(
  { connectionId, attached }: Connection,
  attachment: Attachment,
  agent: string,
  dependencies: OpenTunnelDependencies,
): Promise<void> {
  const { connections, post, log } = dependencies;
  const { tunnelId } = attachment;
  if (!attached && !(await connections.attach(connectionId, attachment))) {
    const now = await connections.read(connectionId);
    // A second `ready` has been handled at the same time, and has got another id.
    if (now?.attached) {
      await leaveTunnel(tunnelId, connectionId, dependencies);
      return greet(now, now.attached, agent, dependencies);
    }
    await goAwayFrom(tunnelId, connectionId, dependencies);
    log('info', 'agent left before its tunnel was open', { connectionId, tunnelId });
    return;
  }
  const told = await post(connectionId, greeting(connectionId, attachment, dependencies));
  if (told === 'gone') await goAwayFrom(tunnelId, connectionId, dependencies);
  log('info', 'tunnel open', { connectionId, tunnelId, agent, told });
}

type Opened =
  | { readonly kind: 'opened'; readonly attachment: Attachment }
  | { readonly kind: 'refused'; readonly code: RefusalCode }
  | { readonly kind: 'superseded' };

async function claimTunnel(
  connection: Connection,
  hello: AgentHello | undefined,
  { tunnels, hashes, randomBytes, clock }: OpenTunnelDependencies,
): Promise<Opened> {
  if (hello?.tunnelId !== undefined && !isTunnelId(hello.tunnelId))
    return { kind: 'refused', code: 'tunnel_id_invalid' };
  const { connectionId } = connection;
  const sessionId = hello?.sessionId ?? sessionOfConnection(connectionId);
  const protocol = hello?.protocol ?? 1;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await pauseBefore(attempt, { clock, randomBytes });
    const tunnelId = hello?.tunnelId ?? randomTunnelId(randomBytes);
    const result = claim(await tunnels.read(tunnelId), {
      tunnelId,
      owner: ownerOf(connection, hello, hashes),
      sessionId,
      session: { connectionId, epoch: hello?.epoch ?? 1, protocol, until: connection.expiresAt },
      balance: hello?.balance ?? 'spread',
      now: Math.floor(clock.now() / 1000),
    });
    if (result.kind === 'stale') return { kind: 'superseded' };
    if (result.kind === 'taken' && hello?.tunnelId !== undefined) return { kind: 'refused', code: 'tunnel_id_taken' };
    if (result.kind === 'claimed' && (await tunnels.write(result.tunnel))) {
      return { kind: 'opened', attachment: { tunnelId, sessionId, protocol } };
    }
  }
  throw new Error(`the tunnel could not be claimed in ${ATTEMPTS} attempts`);
}

function greeting(
  connectionId: string,
  { tunnelId, protocol }: Attachment,
  { address, pace }: OpenTunnelDependencies,
): string {
  return encode({
    type: 'connection_established',
    connectionId,
    tunnelId,
    ...tunnelUrls(address, tunnelId),
    ...(protocol === 2 && { hello: { protocol: 2, ...pace } }),
  });
}

const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  tunnel_id_taken: 'this tunnel id belongs to somebody else',
  tunnel_id_invalid: 'a tunnel id is 3 to 63 of a-z, 0-9 and -, and neither begins nor ends with -',
};
