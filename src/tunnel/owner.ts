import type { Connection, Hashes } from './ports.ts';
import { sessionOfConnection } from './request-id.ts';

/** Who owns what a connection claims: a token's subject, else the holder of the agent's key, else this one connection. */
export function ownerOf(
  connection: Connection,
  said: { readonly agentKey: string } | undefined,
  { sha256 }: Pick<Hashes, 'sha256'>,
): string {
  if (connection.subject !== undefined) return `subject:${connection.subject}`;
  if (said) return `key:${Buffer.from(sha256(said.agentKey)).toString('base64url')}`;
  return sessionOfConnection(connection.connectionId);
}
