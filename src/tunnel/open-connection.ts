import { CONNECTION_LIFE_SECONDS } from '../protocol/limits.ts';
import type { Admission } from './admission.ts';
import { admit } from './admission.ts';
import type { Clock, ConnectionStore, Hashes, Log } from './ports.ts';

export interface OpenConnectionDependencies {
  readonly connections: ConnectionStore;
  readonly admission: Admission;
  readonly hashes: Pick<Hashes, 'sha256'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** `$connect`: lets an agent in or refuses it. Nothing can be sent to it yet (MG-05): it speaks first, with `ready`. */
export async function openConnection(
  connectionId: string,
  authorization: string | undefined,
  { connections, admission, hashes, clock, log }: OpenConnectionDependencies,
): Promise<'accepted' | 'refused'> {
  const admitted = admit(authorization, admission, hashes);
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
