import { compactVerify, decodeProtectedHeader, errors, importJWK, type JWK } from 'jose';
import { isRecord, parseResult } from '../function-result.ts';

/** A token taken apart, before anybody believes it. */
export interface Token {
  readonly text: string;
  /** Of the key that is said to have signed it; absent where the header names none. */
  readonly kid?: string;
  readonly algorithm: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** API Gateway takes RSA alone (developer guide, http-api-jwt-authorizer). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512'];

/** @returns the token, or what is wrong with its form */
export function decodeToken(text: string): Token | string {
  const [, payload = '', ...rest] = text.split('.');
  if (rest.length !== 1) return 'token contains an invalid number of segments';
  const claims = parseResult(Buffer.from(payload, 'base64url').toString('utf8'));
  if (!isRecord(claims)) return 'token is malformed';
  try {
    const { alg, kid } = decodeProtectedHeader(text);
    if (alg === undefined || !ALGORITHMS.includes(alg)) return `signing method ${String(alg).slice(0, 20)} is invalid`;
    return { text, algorithm: alg, claims, ...(kid !== undefined && { kid }) };
  } catch {
    return 'token is malformed';
  }
}

/** Whether a key of the issuer's, as its key set holds it, has made the token's signature. */
export async function isSignedBy(token: Token, key: Readonly<Record<string, unknown>>): Promise<boolean> {
  try {
    await compactVerify(token.text, await importJWK(key as JWK, token.algorithm), { algorithms: ALGORITHMS });
    return true;
  } catch (error) {
    // A key that is none, or one of another kind, has signed nothing either.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
