import type { JwtAuthorizer } from '../../stack/stack.ts';

export type Claims = Readonly<Record<string, unknown>>;

/**
 * What is wrong with a token's claims, in the words of `www-authenticate`; nothing where all is well. `aud` counts where it
 * is there, else `client_id` (developer guide, http-api-jwt-authorizer).
 * @param now epoch milliseconds
 */
export function faultOfClaims(
  claims: Claims,
  { issuer, audience }: Pick<JwtAuthorizer, 'issuer' | 'audience'>,
  now: number,
): string | undefined {
  const { iss, aud, client_id: clientId, exp, nbf, iat } = claims;
  const seconds = now / 1_000;
  // Tokens without an end: the claim is one of those that AWS evaluates, and there is nothing to evaluate.
  if (typeof exp !== 'number' || exp <= seconds) return 'the token has expired';
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= seconds)) return 'the token is not valid yet';
  if (iat !== undefined && !(typeof iat === 'number' && iat <= seconds)) return 'the token was used before issued';
  if (iss !== issuer) return 'the token does not have a valid issuer';
  const meant = aud === undefined ? [clientId] : Array.isArray(aud) ? aud : [aud];
  return meant.some((each) => audience.includes(String(each))) ? undefined : 'the token does not have a valid audience';
}

/** What `scope` or `scp` says, a list or one text with spaces between. */
export function scopesOf({ scope, scp }: Claims): readonly string[] {
  const said = scope ?? scp;
  const list: readonly unknown[] = Array.isArray(said) ? said : typeof said === 'string' ? said.split(' ') : [];
  return list.filter((each) => typeof each === 'string' && each !== '').map(String);
}

/** Claims as events have them: all of them text, lists as `[a b]` (measured on AWS). */
export function textClaims(claims: Claims): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}
