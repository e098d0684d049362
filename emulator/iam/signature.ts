import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CredentialStore, KnownCredentials, Principal } from './credentials.ts';
import { policyAllows } from './policy.ts';

/** A request as it came, for its signature (AWS Signature Version 4) to be checked. */
export interface SignedRequest {
  readonly method: string;
  /** Path as sent, percent-encoded, beginning with `/`. */
  readonly path: string;
  /** As sent, without the `?`. */
  readonly query: string;
  /** As Node gives them: names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Who asks, or the error that AWS names. */
export type Identification =
  | { readonly kind: 'identified'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly errorType: string; readonly message: string };

export interface IdentifyOptions {
  readonly credentials: CredentialStore;
  /** `execute-api`, `dynamodb`, `lambda`. */
  readonly service: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Milliseconds that a signature and this clock may be apart. */
const MOST_SKEW_MS = 5 * 60_000;

/** Finds out who signed a request, in its header or in its query (MG-03). */
export function identify(request: SignedRequest, options: IdentifyOptions): Identification {
  const claim = readClaim(request);
  if (claim === undefined) {
    return refused('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  if (claim === 'incomplete') {
    return refused(
      'IncompleteSignatureException',
      'Authorization header requires Credential, SignedHeaders, Signature',
    );
  }
  const known = options.credentials.find(claim.accessKeyId);
  if (known === undefined || (known.sessionToken !== undefined && known.sessionToken !== claim.sessionToken)) {
    return refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (claim.scope !== `${claim.date.slice(0, 8)}/${options.region}/${options.service}/aws4_request`) {
    const wanted = `${options.region}/${options.service}/aws4_request`;
    return refused('InvalidSignatureException', `Credential should be scoped to ${wanted}, not ${claim.scope}`);
  }
  const age = options.now - epochOf(claim.date);
  if (!(age >= -MOST_SKEW_MS && age <= Math.max(MOST_SKEW_MS, claim.validMs))) {
    return refused('InvalidSignatureException', `Signature expired or not yet valid: ${claim.date}`);
  }
  return hostsOf(request).some((host) => signatureFits(request, host, claim, known))
    ? { kind: 'identified', principal: known.principal }
    : refused('InvalidSignatureException', MISMATCH);
}

/** Whether whoever signed may do this; a principal without statements may do anything. */
export function isAllowed({ statements }: Principal, action: string, resourceArn: string): boolean {
  return statements === undefined || policyAllows(statements, action, resourceArn);
}

/** AWS's own words for what no policy allows. */
export function denial({ arn }: Principal, action: string, resourceArn: string): string {
  const because = `because no identity-based policy allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${resourceArn} ${because}`;
}

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. ' +
  'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/** What a request says of its own signature. */
interface Claim {
  readonly accessKeyId: string;
  /** `20261123/us-east-1/execute-api/aws4_request` */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20261123T011500Z` */
  readonly date: string;
  readonly sessionToken: string | undefined;
  /** Milliseconds, of a signature in the query; 0 otherwise. */
  readonly validMs: number;
  /** The query as it was signed. */
  readonly query: string;
}

function readClaim(request: SignedRequest): Claim | 'incomplete' | undefined {
  const { authorization } = request.headers;
  if (typeof authorization === 'string') return readHeader(authorization, request);
  return request.query.includes('X-Amz-Signature=') ? readQuery(request.query) : undefined;
}

function readHeader(authorization: string, { headers, query }: SignedRequest): Claim | 'incomplete' {
  const [algorithm, ...rest] = authorization.split(' ');
  const fields = new Map(
    rest
      .join('')
      .split(',')
      .map((field): [string, string] => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
  if (algorithm !== ALGORITHM) return 'incomplete';
  return complete({
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    date: one(headers['x-amz-date']),
    sessionToken: one(headers['x-amz-security-token']),
    validMs: 0,
    query,
  });
}

function readQuery(query: string): Claim | 'incomplete' {
  const fields = new URLSearchParams(query);
  const get = (name: string) => fields.get(name) ?? undefined;
  return complete({
    credential: get('X-Amz-Credential'),
    signedHeaders: get('X-Amz-SignedHeaders'),
    signature: get('X-Amz-Signature'),
    date: get('X-Amz-Date'),
    sessionToken: get('X-Amz-Security-Token'),
    validMs: 1_000 * Number(get('X-Amz-Expires') ?? 0),
    query: query
      .split('&')
      .filter((pair) => !pair.startsWith('X-Amz-Signature='))
      .join('&'),
  });
}

function complete(given: {
  credential: string | undefined;
  signedHeaders: string | undefined;
  signature: string | undefined;
  date: string | undefined;
  sessionToken: string | undefined;
  validMs: number;
  query: string;
}): Claim | 'incomplete' {
  const { credential, signedHeaders, signature, date, ...rest } = given;
  const slash = credential?.indexOf('/') ?? -1;
  if (credential === undefined || slash < 0 || !signedHeaders || !signature || !date) return 'incomplete';
  return {
    ...rest,
    accessKeyId: credential.slice(0, slash),
    scope: credential.slice(slash + 1),
    signedHeaders: signedHeaders.split(';'),
    signature,
    date,
  };
}

/** Clients that name the emulator's own port sign it or leave it out; both mean this host. */
function hostsOf({ headers }: SignedRequest): string[] {
  const host = one(headers.host) ?? '';
  const bare = host.replace(/:\d+$/, '');
  return bare === host ? [host] : [host, bare];
}

function signatureFits(request: SignedRequest, host: string, claim: Claim, known: KnownCredentials): boolean {
  const canonical = [
    request.method,
    canonicalPath(request.path),
    canonicalQuery(claim.query),
    ...claim.signedHeaders.map((name) => `${name}:${name === 'host' ? host : headerText(request.headers[name])}`),
    '',
    claim.signedHeaders.join(';'),
    one(request.headers['x-amz-content-sha256']) ?? sha256(request.body),
  ].join('\n');
  const toSign = [ALGORITHM, claim.date, claim.scope, sha256(canonical)].join('\n');
  const key = claim.scope
    .split('/')
    .reduce<string | Buffer>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${known.secretAccessKey}`,
    );
  const expected = createHmac('sha256', key).update(toSign).digest('hex');
  return (
    expected.length === claim.signature.length && timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature))
  );
}

/** Every service but S3 encodes what is already encoded once more: `%3D` is signed as `%253D`. */
function canonicalPath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** Pairs in the order of their encoded names, then values. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    return [encode(decode(name)), encode(decode(value))];
  });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function headerText(value: string | string[] | undefined): string {
  return (one(value) ?? '').trim().replace(/\s+/g, ' ');
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `20261123T011500Z` as epoch milliseconds; NaN for anything else. */
function epochOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function refused(errorType: string, message: string): Identification {
  return { kind: 'refused', errorType, message };
}
