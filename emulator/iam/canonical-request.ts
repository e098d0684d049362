import type { Claim, SignedRequest } from './claim.ts';

/**
 * The text whose hash is signed, as Signature Version 4 defines it.
 * @param host what to take for the `host` header
 * @returns undefined when a header that was signed is not there
 */
export function canonicalRequest(
  request: SignedRequest,
  claim: Claim,
  host: string,
  bodyHash: string,
): string | undefined {
  const lines: string[] = [];
  for (const name of claim.signedHeaders) {
    const value = name === 'host' ? host : headerText(request.headers, name);
    if (value === undefined) return undefined;
    lines.push(`${name}:${value}`);
  }
  return [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(claim.query),
    ...lines,
    '',
    claim.signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

/**
 * Empty, `.` and `..` segments resolved, and what is left encoded once more than it already is: `%3D` is signed as `%253D`
 * by every service but S3.
 */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${end}`;
}

/** Pairs in the order of their encoded names, then values. A `+` is a plus, as everywhere in AWS. */
function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [reencode(name), reencode(value)];
    });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function headerText(headers: SignedRequest['headers'], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  const texts = typeof value === 'string' ? [value] : value;
  return texts?.map((text) => text.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')).join(',');
}

/** Everything but letters, digits and `-._~`; never throws, also not for half a surrogate pair. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The one spelling of a text that is encoded in any: escapes in upper case, and only where they must be. */
function reencode(text: string): string {
  return text.replace(/%[\da-f]{2}|%|[^%]+/gi, (part) => {
    if (part.length !== 3 || !part.startsWith('%')) return encode(part);
    const char = String.fromCharCode(Number.parseInt(part.slice(1), 16));
    return /[\w.~-]/.test(char) ? char : part.toUpperCase();
  });
}
