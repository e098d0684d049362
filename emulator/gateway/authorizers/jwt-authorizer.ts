import type { Clock } from '../../stack/clock.ts';
import type { JwtAuthorizer } from '../../stack/stack.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { faultOfClaims, scopesOf, textClaims } from './jwt-claims.ts';
import { decodeToken, isSignedBy } from './verify-token.ts';

export type JwtAuthorization =
  | {
      readonly kind: 'allowed';
      readonly claims: Readonly<Record<string, string>>;
      /** Of the route's scopes those that the token has; null for a route without any. */
      readonly scopes: readonly string[] | null;
    }
  | {
      readonly kind: 'refused';
      readonly status: 401 | 403;
      readonly message: 'Unauthorized' | 'Forbidden';
      /** The value of `www-authenticate`. */
      readonly challenge: string;
      /** Why, and where to look, for the log. */
      readonly note: string;
    };

/** Never rejects for anything that a client sends. */
export type AuthorizeToken = (identity: string, routeScopes: readonly string[]) => Promise<JwtAuthorization>;

const BEARER = /^bearer +/i;
const MOST_TOLD = 200;

/**
 * An authorizer of type JWT (developer guide, http-api-jwt-authorizer and http-api-troubleshooting-jwt).
 * @param keys of the authorizer's issuer
 */
export function createJwtAuthorizer(
  authorizer: JwtAuthorizer,
  clock: Pick<Clock, 'now'>,
  keys: IssuerKeys,
): AuthorizeToken {
  const { audience, identitySource, issuer, name } = authorizer;
  const by = `by the JWT authorizer ${name}; the function was not invoked and logged nothing`;

  /** @param description for the client as well */
  const invalid = (description: string, detail = description): JwtAuthorization => ({
    kind: 'refused',
    status: 401,
    message: 'Unauthorized',
    challenge: `Bearer scope="" error="invalid_token" error_description="${printable(description).replaceAll('"', '')}"`,
    note: `${printable(detail)}: refused ${by}`,
  });

  return async (identity, routeScopes) => {
    const text = identity.replace(BEARER, '').trim();
    if (text === '') {
      const note = `${identitySource} has no token: refused ${by}`;
      return { kind: 'refused', status: 401, message: 'Unauthorized', challenge: 'Bearer', note };
    }
    const token = decodeToken(text);
    if (typeof token === 'string') return invalid(token);
    if (token.kid === undefined) return invalid('the token has no kid', 'the token names no key (kid in its header)');
    const found = await keys(token.kid);
    if (found.kind === 'unreachable') {
      return invalid(
        'OIDC discovery endpoint communication error',
        `the keys of ${issuer} are out of reach: ${found.why}`,
      );
    }
    if (found.kind === 'unknown')
      return invalid('unable to find a key with the kid', `${issuer} has no key ${token.kid}`);
    if (!(await isSignedBy(token, found.key))) return invalid('the token has an invalid signature');
    const fault = faultOfClaims(token.claims, authorizer, clock.now());
    if (fault !== undefined) {
      const wanted = `iss ${issuer} and aud or client_id ${audience.join(' or ')}`;
      return invalid(fault, `${fault}: wanted ${wanted}, the token has ${tellClaims(token.claims)}`);
    }

    const has = new Set(scopesOf(token.claims));
    const scopes = routeScopes.filter((scope) => has.has(scope));
    const claims = textClaims(token.claims);
    if (routeScopes.length === 0) return { kind: 'allowed', claims, scopes: null };
    if (scopes.length > 0) return { kind: 'allowed', claims, scopes };
    const wanted = routeScopes.join(' ');
    const had = printable([...has].join(' ')) || 'none';
    return {
      kind: 'refused',
      status: 403,
      message: 'Forbidden',
      challenge: `Bearer scope="${wanted}" error="insufficient_scope" error_description="the token does not have a valid scope"`,
      note: `the route wants one of the scopes ${wanted}, the token has ${had}: refused ${by}`,
    };
  };
}

/** What decides, without what is private, and what of it is not there. */
function tellClaims(claims: Readonly<Record<string, unknown>>): string {
  const told = ['iss', 'aud', 'client_id', 'exp', 'nbf', 'iat'].filter((name) => claims[name] !== undefined);
  const lacking = ['iss', 'exp'].filter((name) => claims[name] === undefined);
  if (claims.aud === undefined && claims.client_id === undefined) lacking.push('aud', 'client_id');
  return [
    ...told.map((name) => `${name}: ${JSON.stringify(claims[name]).slice(0, MOST_TOLD)}`),
    ...lacking.map((name) => `no ${name}`),
  ].join(', ');
}

/** Tokens are made by clients, and may hold anything. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 6 * MOST_TOLD);
}
