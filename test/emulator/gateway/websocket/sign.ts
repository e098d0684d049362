import { createHash, createHmac } from 'node:crypto';
import { type Credentials, DEVELOPER_CREDENTIALS } from '../../../../emulator/iam/credentials.ts';

/** How a request is signed; each has a default that is right. */
export interface Signing {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly credentials?: Credentials;
  readonly region?: string;
  readonly service?: string;
  /** Epoch milliseconds; now. */
  readonly at?: number;
}

type Dated = Signing & { readonly at: number };

/** The headers that sign a request for a URL, its own and those of Signature Version 4. */
export function signedHeaders(url: string, given: Signing = {}): Record<string, string> {
  const signing = atOneTime(given);
  const { method = 'GET', headers = {}, body = '', credentials = DEVELOPER_CREDENTIALS } = signing;
  const { host, path, query } = parts(url);
  const date = dateOf(signing);
  const all: Record<string, string> = {
    host,
    'x-amz-date': date,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
    ...headers,
  };
  const names = Object.keys(all).sort();
  const canonical = canonicalRequest(method, path, query, names, (name) => all[name] ?? '', sha256(body));
  const { host: _, ...sent } = all;
  const signature = sign(canonical, signing);
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scopeOf(signing)}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** The URL with its signature in the query, good for five minutes: for a client that can set no headers. */
export function presigned(url: string, given: Signing = {}): string {
  const signing = atOneTime(given);
  const { method = 'GET', credentials = DEVELOPER_CREDENTIALS } = signing;
  const { host, path, query } = parts(url);
  const fields = new URLSearchParams(query);
  fields.set('X-Amz-Algorithm', 'AWS4-HMAC-SHA256');
  fields.set('X-Amz-Credential', `${credentials.accessKeyId}/${scopeOf(signing)}`);
  fields.set('X-Amz-Date', dateOf(signing));
  fields.set('X-Amz-Expires', '300');
  if (credentials.sessionToken !== undefined) fields.set('X-Amz-Security-Token', credentials.sessionToken);
  fields.set('X-Amz-SignedHeaders', 'host');
  const signed = [...fields].map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const canonical = canonicalRequest(method, path, signed, ['host'], () => host, sha256(''));
  return `${url.split('?', 1)[0]}?${signed}&X-Amz-Signature=${sign(canonical, signing)}`;
}

/** A signed POST, GET or DELETE. */
export function signedFetch(url: string, signing: Signing = {}): Promise<Response> {
  const { method = 'GET', body } = signing;
  return fetch(url, { method, headers: signedHeaders(url, signing), ...(body !== undefined && { body }) });
}

function canonicalRequest(
  method: string,
  path: string,
  query: string,
  names: readonly string[],
  headerOf: (name: string) => string,
  payloadHash: string,
): string {
  const lines = [method, path.split('/').map(encode).join('/'), query.split('&').sort().join('&')];
  const headers = names.map((name) => `${name}:${headerOf(name)}`);
  return [...lines, ...headers, '', names.join(';'), payloadHash].join('\n');
}

function sign(canonical: string, signing: Dated): string {
  const { credentials = DEVELOPER_CREDENTIALS } = signing;
  const toSign = ['AWS4-HMAC-SHA256', dateOf(signing), scopeOf(signing), sha256(canonical)].join('\n');
  let key: string | Buffer = `AWS4${credentials.secretAccessKey}`;
  for (const part of scopeOf(signing).split('/')) key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function scopeOf(signing: Dated): string {
  const { region = 'us-east-1', service = 'execute-api' } = signing;
  return `${dateOf(signing).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** A second may end while a long body is hashed. */
function atOneTime(signing: Signing): Dated {
  return { at: Date.now(), ...signing };
}

/** `20240209T181143Z` */
function dateOf({ at }: Dated): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** By hand: `new URL` would touch what is to be signed. */
function parts(url: string): { host: string; path: string; query: string } {
  const [, host = '', path = '/', query = ''] = /^\w+:\/\/([^/?]*)([^?]*)\??(.*)$/.exec(url) ?? [];
  return { host, path, query };
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
