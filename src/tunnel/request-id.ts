import type { RandomBytes } from '../protocol/ids.ts';
import type { Hashes } from './ports.ts';

/**
 * Request ids that only the session they were made for can answer with.
 *
 * An id is a UUID (version 4 by its form, as version 1 agents expect): 60 random bits, then 62 bits of an HMAC over
 * those and the session, with a key that only the stack has. So the message function knows, without reading any table,
 * whether an answer comes from whom was asked, also when it comes over the session's next connection.
 */
export interface RequestIds {
  issue(sessionId: string): string;
  /** True when this id was made for this session. */
  belongs(requestId: string, sessionId: string): boolean;
  /** What names a connection as the place where this request's answer is wanted, so that only the edge can name one. */
  replyTo(requestId: string, connectionId: string): string;
  /** @returns the connection; undefined where the edge has not named it for this request */
  replyConnection(requestId: string, replyTo: string): string | undefined;
}

/** @param key at least 32 bytes */
export function createRequestIds(key: Uint8Array, hashes: Pick<Hashes, 'mac'>, randomBytes: RandomBytes): RequestIds {
  function withMac(nonce: Uint8Array, sessionId: string): string {
    const bytes = new Uint8Array(16);
    bytes.set(nonce.subarray(0, 8));
    bytes[6] = ((nonce[6] ?? 0) & 0x0f) | 0x40;
    const mac = hashes.mac(key, Buffer.concat([bytes.subarray(0, 8), Buffer.from(sessionId)]));
    bytes.set(mac.subarray(0, 8), 8);
    bytes[8] = ((mac[0] ?? 0) & 0x3f) | 0x80;
    return uuid(bytes);
  }

  function replyTo(requestId: string, connectionId: string): string {
    const mac = hashes.mac(key, Buffer.from(`reply\n${requestId}\n${connectionId}`));
    return `${connectionId}.${Buffer.from(mac.subarray(0, 16)).toString('base64url')}`;
  }

  return {
    issue: (sessionId) => withMac(randomBytes(8), sessionId),
    belongs(requestId, sessionId) {
      if (!UUID.test(requestId)) return false;
      const nonce = Buffer.from(requestId.replaceAll('-', '').slice(0, 16), 'hex');
      return equalInConstantTime(withMac(nonce, sessionId), requestId);
    },

    replyTo,
    replyConnection(requestId, given) {
      const connectionId = given.slice(0, given.lastIndexOf('.'));
      return equalInConstantTime(replyTo(requestId, connectionId), given) ? connectionId : undefined;
    },
  };
}

/** The session of a version 1 agent lives as long as its connection; the colon keeps it apart from any agent's own name. */
export function sessionOfConnection(connectionId: string): string {
  return `connection:${connectionId}`;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}
