/** A source of secure random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

const TUNNEL_ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const TUNNEL_ID_LENGTH = 12;
/** The largest multiple of 36 in a byte: larger bytes are thrown away, so that no letter is likelier than another. */
const FAIR_BYTES = 252;

/** Twelve of `[a-z0-9]`, uniformly: 62 bits. */
export function randomTunnelId(randomBytes: RandomBytes): string {
  let id = '';
  while (id.length < TUNNEL_ID_LENGTH) {
    for (const byte of randomBytes(TUNNEL_ID_LENGTH * 2)) {
      if (byte < FAIR_BYTES && id.length < TUNNEL_ID_LENGTH) id += TUNNEL_ID_ALPHABET[byte % TUNNEL_ID_ALPHABET.length];
    }
  }
  return id;
}

/** A label of a host name in lower case, 3 to 63 characters: what an agent may ask for, and what random ids are too. */
export function isTunnelId(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(text);
}
