import type { Clock } from '../../stack/clock.ts';
import { isRecord, parseResult } from '../function-result.ts';

/** A key of an issuer's, as JSON (RFC 7517). */
export type IssuerKey = Readonly<Record<string, unknown>>;

export type FoundKey =
  | { readonly kind: 'found'; readonly key: IssuerKey }
  /** The issuer has no key of that id. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unreachable'; readonly why: string };

/** Gives the key of an id. Never rejects. */
export type IssuerKeys = (kid: string) => Promise<FoundKey>;

export type Fetch = (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;

/** API Gateway's own, of the discovery document and of the key set each (developer guide, http-api-quotas). */
const TIMEOUT_MS = 1_500;
const MOST_BYTES = 150_000;
/** API Gateway may keep keys so long. */
const KEPT_MS = 2 * 60 * 60_000;
/** Between two looks for a key that the set did not have: tokens come from clients. Ours. */
const PAUSE_MS = 30_000;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The keys behind `{issuer}/.well-known/openid-configuration`, fetched when first needed and kept. A key that is not among
 * them makes it look again, once in a while.
 */
export function createIssuerKeys(issuer: string, clock: Pick<Clock, 'now'>, fetchUrl: Fetch = fetch): IssuerKeys {
  let kept: { readonly keys: ReadonlyMap<string, IssuerKey>; readonly at: number } | undefined;
  let looking: Promise<string | undefined> | undefined;

  /** @returns what went wrong */
  async function look(): Promise<string | undefined> {
    const configuration = await getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, fetchUrl);
    if (typeof configuration === 'string') return configuration;
    if (typeof configuration.jwks_uri !== 'string') return 'the discovery document names no jwks_uri';
    const set = await getJson(configuration.jwks_uri, fetchUrl);
    if (typeof set === 'string') return set;
    if (!Array.isArray(set.keys)) return `${configuration.jwks_uri} has no keys`;
    const keys = new Map<string, IssuerKey>();
    for (const key of set.keys) if (isRecord(key) && typeof key.kid === 'string') keys.set(key.kid, key);
    kept = { keys, at: clock.now() };
    return undefined;
  }

  return async (kid) => {
    const age = kept === undefined ? Number.POSITIVE_INFINITY : clock.now() - kept.at;
    const known = age < KEPT_MS ? kept?.keys.get(kid) : undefined;
    if (known) return { kind: 'found', key: known };
    if (age >= PAUSE_MS) {
      looking ??= look().finally(() => {
        looking = undefined;
      });
      const why = await looking;
      if (why !== undefined) return { kind: 'unreachable', why };
    }
    const key = kept?.keys.get(kid);
    return key ? { kind: 'found', key } : { kind: 'unknown' };
  };
}

/** @returns the object there, or why there is none */
async function getJson(url: string, fetchUrl: Fetch): Promise<Readonly<Record<string, unknown>> | string> {
  if (!isFetchable(url)) return `${url} is no https:// URL`;
  try {
    const response = await fetchUrl(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return `${url} answered ${response.status}`;
    const text = await readText(response);
    if (text === undefined) return `${url} answered more than ${MOST_BYTES} bytes`;
    const value = parseResult(text);
    return isRecord(value) ? value : `${url} answered no JSON object`;
  } catch (error) {
    const { cause } = error instanceof Error ? error : { cause: undefined };
    return `${url} did not answer: ${String(cause ?? error)}`;
  }
}

/** AWS takes https alone; on this machine plain HTTP will do, so that an issuer can run beside the emulator. */
function isFetchable(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

async function readText({ body }: Response): Promise<string | undefined> {
  const slices: Uint8Array[] = [];
  let length = 0;
  for await (const slice of body ?? []) {
    length += slice.length;
    if (length > MOST_BYTES) return undefined;
    slices.push(slice);
  }
  return Buffer.concat(slices).toString('utf8');
}
