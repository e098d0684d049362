import type { HeaderPair } from '../protocol/messages.ts';
import type { VisitorRequest } from '../tunnel/ports.ts';

/** Payload format 2.0, as far as we read it. @see HA-04 */
export interface HttpApiEventV2 {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly domainName: string;
    readonly stage: string;
    readonly http: { readonly method: string; readonly sourceIp: string };
  };
}

/** Payload format 1.0, as far as we read it. @see HA-18 */
export interface HttpApiEventV1 {
  readonly path: string;
  readonly httpMethod: string;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | null;
  readonly queryStringParameters?: Readonly<Record<string, string>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly domainName?: string;
    readonly stage: string;
    readonly identity?: { readonly sourceIp?: string | null };
  };
}

/**
 * The request behind a 2.0 event. What the format has lost stays lost: `rawPath` is decoded, so `%2F` came in as `/`
 * and everything after a `%3F` is gone (HA-05, HA-06); repeated headers are joined with commas (HA-12). What is
 * decoded is escaped again where a request line needs it.
 */
export function requestOfV2(event: HttpApiEventV2): VisitorRequest {
  const { http, stage, domainName } = event.requestContext;
  const headers: HeaderPair[] = Object.entries(event.headers);
  if (event.cookies?.length) headers.push(['cookie', event.cookies.join('; ')]);
  return {
    method: http.method,
    host: hostOf(headers) ?? domainName,
    path: escapePath(withoutStage(event.rawPath, stage), 'decoded'),
    query: event.rawQueryString,
    headers,
    body: bodyOf(event),
    sourceIp: http.sourceIp,
  };
}

/**
 * The request behind a function URL's event: payload format 2.0, but that `rawPath` keeps its escapes and the cookie header stays
 * where it was. @see LA-11
 */
export function requestOfFunctionUrl(event: HttpApiEventV2): VisitorRequest {
  const { http, domainName } = event.requestContext;
  const headers: HeaderPair[] = Object.entries(event.headers);
  return {
    method: http.method,
    host: hostOf(headers) ?? domainName,
    path: escapePath(event.rawPath, 'encoded'),
    query: event.rawQueryString,
    headers,
    body: bodyOf(event),
    sourceIp: http.sourceIp,
  };
}

/**
 * The request behind a 1.0 event. `path` keeps its escapes (HA-07); the query has been decoded, so that its escapes
 * are ours and a parameter's repetitions stand together (HA-11).
 */
export function requestOfV1(event: HttpApiEventV1): VisitorRequest {
  const { stage, domainName, identity } = event.requestContext;
  const headers = headersOfV1(event);
  return {
    method: event.httpMethod,
    host: hostOf(headers) ?? domainName ?? '',
    path: escapePath(withoutStage(event.path, stage), 'encoded'),
    query: queryOfV1(event),
    headers,
    body: bodyOf(event),
    sourceIp: identity?.sourceIp ?? '',
  };
}

function headersOfV1({ headers, multiValueHeaders }: HttpApiEventV1): HeaderPair[] {
  if (!multiValueHeaders) return Object.entries(headers ?? {});
  return Object.entries(multiValueHeaders).flatMap(([name, values]) =>
    values.map((value): HeaderPair => [name, value]),
  );
}

function queryOfV1({ queryStringParameters, multiValueQueryStringParameters }: HttpApiEventV1): string {
  const pairs = multiValueQueryStringParameters
    ? Object.entries(multiValueQueryStringParameters).flatMap(([name, values]) => values.map((value) => [name, value]))
    : Object.entries(queryStringParameters ?? {});
  return pairs.map((pair) => pair.map((text) => percentEncoded(text ?? '')).join('=')).join('&');
}

/** A named stage stands before the path in both formats; `$default` does not. @see HA-09 */
function withoutStage(path: string, stage: string): string {
  const prefix = `/${stage}`;
  if (stage === '$default' || !(path === prefix || path.startsWith(`${prefix}/`))) return path;
  return path.slice(prefix.length) || '/';
}

/**
 * Escapes what may not stand in a request line's path. Of a decoded path that is everything but RFC 3986's `pchar` and
 * `/`; an encoded one is as the visitor wrote it, and browsers do not escape `[`, `|` and the like: only what would end
 * the path is escaped there.
 */
function escapePath(path: string, came: 'decoded' | 'encoded'): string {
  const forbidden =
    came === 'decoded' ? /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu : /%(?![0-9A-Fa-f]{2})|[?#]|[^\x21-\x7e]/gu;
  return path.replace(forbidden, percentEncoded);
}

/** Half a surrogate pair, which has no escape, becomes U+FFFD. */
function percentEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

function hostOf(headers: readonly HeaderPair[]): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
}

function bodyOf({ body, isBase64Encoded }: { readonly body?: string | null; readonly isBase64Encoded: boolean }) {
  return Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
}
