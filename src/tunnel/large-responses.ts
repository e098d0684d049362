/**
 * The way out for an answer that the door cannot give back: the agent puts its body into a place of the stack's, and the
 * visitor is sent there. Only stacks with such a place know of this.
 */
import type { HeaderPair } from '../protocol/messages.ts';
import type { VisitorRequest, VisitorResponse } from './ports.ts';

/** Room for one body, and the right to fill it. */
export interface Place {
  /** Unguessable, and never given out twice. */
  readonly key: string;
  /** Whoever has it may put one object there until it expires. */
  readonly uploadUrl: string;
}

export interface LargeResponses {
  /** @param expiresInS seconds for which the upload may begin */
  place(tunnelId: string, expiresInS: number): Promise<Place>;
  /** @param expiresInS seconds for which a download may begin; less where the signer's own credentials end sooner */
  downloadUrl(key: string, expiresInS: number): Promise<string>;
}

/** Seconds that an upload URL outlives the door's patience: the clocks of edge, agent and place need not agree. */
export const UPLOAD_GRACE_SECONDS = 60;

/** Seconds that a visitor has to follow the redirect, and to take up a download that broke off. */
export const DOWNLOAD_SECONDS = 300;

/**
 * Conditions that the visitor's client repeats to the place, which would judge them by what it has there: a range of the
 * range, or an entity tag and a date that are not the upstream's.
 */
const JUDGED_BY_THE_PLACE: ReadonlySet<string> = new Set(['range', 'if-range', 'if-match', 'if-unmodified-since']);

/**
 * True where the answer may lie elsewhere. GET alone: a redirect may not repeat what has effects, and a HEAD's answer has no
 * body. `If-None-Match` and `If-Modified-Since` do no harm: the place knows neither the tag nor so old a date, and gives the
 * whole body.
 */
export function mayBeStored({ method, headers }: Pick<VisitorRequest, 'method' | 'headers'>): boolean {
  return method === 'GET' && !headers.some(([name]) => JUDGED_BY_THE_PLACE.has(name.toLowerCase()));
}

/**
 * The visitor's way to the body. 302 since that is all it says: here is the same thing, for now. 303 would name another thing
 * and 307 forbids a change of method that GET never sees, and older clients do not know it.
 * @param answer the upstream's own: cookies and the like stay with it, what describes the body goes
 * @returns undefined for an answer other than 200: the visitor would get the place's own status and never the upstream's
 */
export function redirectToStored(
  answer: { readonly status: number; readonly headers: readonly HeaderPair[] },
  downloadUrl: string,
): VisitorResponse | undefined {
  if (answer.status !== 200) return undefined;
  const kept = answer.headers.filter(([name]) => !OF_THE_BODY.test(name));
  return {
    status: 302,
    headers: [...kept, ['location', downloadUrl], ['cache-control', 'no-store']],
    body: new Uint8Array(0),
  };
}

/**
 * Headers that are true of the body alone, or of how long it may be kept, or that would lead elsewhere. What is said of the
 * response stays: `set-cookie`, and `access-control-allow-origin`, without which a page may not follow the redirect.
 */
const OF_THE_BODY =
  /^(?:content-(?!security-policy).*|etag|last-modified|accept-ranges|cache-control|cdn-cache-control|surrogate-control|expires|pragma|age|(?:repr-|want-)?digest|location|refresh|transfer-encoding|trailer)$/i;
