import type { Hashes } from './ports.ts';

/** Who may open tunnels on this stage. */
export type Admission =
  /** Anybody: for the emulator's stage, or where a person says so. */
  | { readonly kind: 'open' }
  /** Whoever shows a token of this list: SHA-256 in hex → subject. An empty list admits nobody. */
  | { readonly kind: 'tokens'; readonly subjects: ReadonlyMap<string, string> };

export type Admitted =
  | { readonly kind: 'admitted'; readonly subject?: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Reads a stage's settings, and fails closed: whatever is not understood admits nobody.
 * @param auth `open`, or anything else for tokens
 * @param tokens `subject:sha256hex`, separated by commas or white space
 */
export function parseAdmission(auth: string, tokens: string): Admission & { readonly problems: readonly string[] } {
  if (auth === 'open') return { kind: 'open', problems: [] };
  const problems: string[] = auth === '' || auth === 'tokens' ? [] : [`auth "${auth}" is neither "open" nor "tokens"`];
  const subjects = new Map<string, string>();
  for (const entry of tokens.split(/[\s,]+/).filter((text) => text !== '')) {
    const [, subject, hash] = /^([\w.@-]{1,64}):([0-9a-fA-F]{64})$/.exec(entry) ?? [];
    if (subject && hash) subjects.set(hash.toLowerCase(), subject);
    else problems.push('a token entry is not of the form subject:sha256hex');
  }
  return { kind: 'tokens', subjects, problems };
}

/** @param authorization the upgrade request's header: `Bearer <token>` */
export function admit(
  authorization: string | undefined,
  admission: Admission,
  { sha256 }: Pick<Hashes, 'sha256'>,
): Admitted {
  if (admission.kind === 'open') return { kind: 'admitted' };
  if (admission.subjects.size === 0) return { kind: 'refused', reason: 'this stage has no tokens in its settings' };
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (!token) return { kind: 'refused', reason: 'no bearer token' };
  // Looked up by hash: how long that takes says nothing about the token.
  const subject = admission.subjects.get(Buffer.from(sha256(token)).toString('hex'));
  return subject === undefined ? { kind: 'refused', reason: 'unknown token' } : { kind: 'admitted', subject };
}
