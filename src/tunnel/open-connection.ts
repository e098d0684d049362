import { CONNECTION_LIFE_SECONDS } from '../protocol/limits.ts';
import type { Admission, Admitted } from './admission.ts';
import { admit } from './admission.ts';
import type { Clock, ConnectionStore, Hashes, Log } from './ports.ts';

export interface OpenConnectionDependencies {
  readonly connections: ConnectionStore;
  readonly admission: Admission;
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What matters of the upgrade request's headers. */
export interface Handshake {
  /** `Bearer <token>` */
  readonly authorization?: string | undefined;
  /** Named by browsers alone. WebSockets know no same-origin rule, so without this check any page could be an agent. */
  readonly origin?: string | undefined;
}

/** `$connect`: lets an agent in or refuses it. Nothing can be sent to it yet (MG-05): it speaks first, with `ready`. */
export async function openConnection(
  connectionId: string,
  { authorization, origin }: Handshake,
  { connections, admission, hashes, clock, log }: OpenConnectionDependencies,
): Promise<'accepted' | 'refused'> {
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
