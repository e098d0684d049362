import { CONNECTION_LIFE_SECONDS } from '../protocol/limits.ts';
import type { Admission, Admitted } from './admission.ts';
import { admit } from './admission.ts';
import type { Clock, ConnectionStore, Hashes, Log } from './ports.ts';
import { checkReplyPass, isReplyPass } from './reply-pass.ts';

export interface OpenConnectionDependencies {
  readonly connections: ConnectionStore;
  readonly admission: Admission;
  /** The stack's key, where some function has made it. */
  readonly stackKey: () => Promise<Uint8Array | undefined>;
  readonly hashes: Pick<Hashes, 'sha256' | 'mac'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What matters of the upgrade request's headers. */
export interface Handshake {
  /** `Bearer <token>` of an agent, or a waiting function's pass. */
  readonly authorization?: string | undefined;
  /** Named by browsers alone. WebSockets know no same-origin rule, so without this check any page could be an agent. */
  readonly origin?: string | undefined;
}

/** `$connect`: lets an agent or a waiting function in, or refuses it. Nothing can be sent to it yet (MG-05): it speaks first, with `ready`. */
export async function openConnection(
  connectionId: string,
  { authorization, origin }: Handshake,
  dependencies: OpenConnectionDependencies,
): Promise<'accepted' | 'refused'> {
  const { connections, admission, hashes, clock, log } = dependencies;
  if (isReplyPass(authorization)) return openReplyConnection(connectionId, authorization, dependencies);
  const admitted: Admitted =
    origin === undefined
      ? admit(authorization, admission, hashes)
      : { kind: 'refused', reason: 'a web page, not an agent: no agent names an origin' };
  if (admitted.kind === 'refused') {
    log('warn', 'agent refused', { connectionId, reason: admitted.reason });
    return 'refused';
  }
  const now = clock.now();
  await connections.add({
    connectionId,
    connectedAt: now,
    expiresAt: Math.floor(now / 1000) + CONNECTION_LIFE_SECONDS,
    ...(admitted.subject !== undefined && { subject: admitted.subject }),
  });
  log('info', 'agent connected', { connectionId, subject: admitted.subject });
  return 'accepted';
}

/** A function of this stack, which waits for answers: it is no agent, and no table need know it. */
async function openReplyConnection(
  connectionId: string,
  pass: string,
  { stackKey, hashes, clock, log }: OpenConnectionDependencies,
): Promise<'accepted' | 'refused'> {
  const key = await stackKey();
  if (key && checkReplyPass(pass, key, { hashes, clock })) {
    log('debug', 'connection for answers', { connectionId });
    return 'accepted';
  }
  log('warn', 'connection for answers refused', { connectionId });
  return 'refused';
}
