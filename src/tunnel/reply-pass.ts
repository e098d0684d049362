import type { RandomBytes } from '../protocol/ids.ts';
import type { Clock, Hashes } from './ports.ts';
import { equalInConstantTime } from './request-id.ts';

/** The scheme of `Authorization` that a waiting function's own connection is opened with. */
const SCHEME = 'Reply ';

/** How far the clocks of two functions may be apart, and a handshake may take, in milliseconds. */
const LIFE_MS = 60_000;

export interface PassDependencies {
  readonly hashes: Pick<Hashes, 'mac'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * What lets a function of this stack open a connection for answers: `Reply {epoch ms}.{nonce}.{HMAC}`, good for a minute. The key is
 * only the stack's, so nobody else can make one.
 */
export function issueReplyPass(
  key: Uint8Array,
  { hashes, clock, randomBytes }: PassDependencies & { readonly randomBytes: RandomBytes },
): string {
  const named = `${clock.now()}.${Buffer.from(randomBytes(9)).toString('base64url')}`;
  return `${SCHEME}${named}.${macOf(key, named, hashes)}`;
}

export function isReplyPass(authorization: string | undefined): authorization is string {
  return authorization?.startsWith(SCHEME) === true;
}

/** Whether the stack has made this pass, a moment ago. */
export function checkReplyPass(pass: string, key: Uint8Array, { hashes, clock }: PassDependencies): boolean {
  const [, named = '', ms = '', mac = ''] = /^Reply ((\d{13,15})\.[\w-]{12})\.([\w-]{43})$/.exec(pass) ?? [];
  return equalInConstantTime(macOf(key, named, hashes), mac) && Math.abs(clock.now() - Number(ms)) <= LIFE_MS;
}

function macOf(key: Uint8Array, named: string, hashes: Pick<Hashes, 'mac'>): string {
  return Buffer.from(hashes.mac(key, Buffer.from(`reply-socket\n${named}`))).toString('base64url');
}
