import type { Switches } from '../switches.ts';

/** A request target cut at its first `?`; both sides exactly as they came. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

const SCHEME_AND_AUTHORITY = /^https?:\/\/[^/?#]*/i;
const NO_ESCAPE = /%(?![0-9a-f]{2})/i;
const PERCENT_RUN = /(?:%[0-9a-f]{2})+/gi;

/**
 * Cuts a request target by hand. `new URL` would collapse `..`, take `//host` for an authority and re-encode.
 * The absolute form that clients send to proxies loses its origin.
 */
export function parseTarget(target: string): Target {
  const local = target.startsWith('/') ? target : target.replace(SCHEME_AND_AUTHORITY, '');
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: path.startsWith('/') ? path : `/${path}`, query: mark < 0 ? '' : local.slice(mark + 1) };
}

/**
 * The path that is routed and shown: as sent, unless switches say that the gateway tidies it (HA-08). `%2e` is a dot as well.
 * @param path begins with a slash; so does the result
 */
export function tidyPath(
  path: string,
  { doubleSlashes, dotSegments }: Pick<Switches, 'doubleSlashes' | 'dotSegments'>,
): string {
  const resolved = dotSegments === 'resolved' ? resolveDots(path) : path;
  return doubleSlashes === 'collapsed' ? resolved.replace(/\/{2,}/g, '/') : resolved;
}

function resolveDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const dots = segment.length > 6 ? '' : segment.replace(/%2e/gi, '.');
    if (dots === '..') kept.pop();
    else if (dots !== '.') kept.push(segment);
    // What ends in dots is a folder, and keeps its slash.
    if ((dots === '.' || dots === '..') && index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/**
 * The path as integrations get it: decoded, without what follows a `%3F`, and decoded again unless the switch says otherwise,
 * so that `%252F` is a slash, too (HA-05, HA-06).
 * @returns undefined where the second decoding meets a `%` that begins no escape: AWS refuses such requests
 */
export function decodedPath(path: string, pathDecoding: Switches['pathDecoding']): string | undefined {
  const decoded = percentDecode(path);
  const mark = decoded.indexOf('?');
  const cut = mark < 0 ? decoded : decoded.slice(0, mark);
  if (pathDecoding === 'once') return cut;
  return NO_ESCAPE.test(cut) ? undefined : percentDecode(cut);
}

/** Percent-decodes UTF-8; what is no escape stays as it is and bytes that are no text become U+FFFD. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(PERCENT_RUN, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** Every value of every query key in the order they came, decoded, `+` as a space (HA-11). */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = formDecode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : formDecode(pair.slice(equals + 1));
    const earlier = values.get(name);
    if (earlier) earlier.push(value);
    else values.set(name, [value]);
  }
  return values;
}

function formDecode(text: string): string {
  return percentDecode(text.replaceAll('+', ' '));
}
