/** A request as it came, for its signature (AWS Signature Version 4) to be checked. */
export interface SignedRequest {
  readonly method: string;
  /** Path as sent, percent-encoded, beginning with `/`. */
  readonly path: string;
  /** As sent, without the `?`. */
  readonly query: string;
  /** Names in lower case: Node's `headers`, or `headersDistinct`, where a header may come twice and be signed. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** What a request says of its own signature. */
export interface Claim {
  readonly accessKeyId: string;
  /** `20261123/us-east-1/execute-api/aws4_request`, in its parts. */
  readonly scope: readonly string[];
  /** In lower case, in the order in which they were signed. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20261123T011500Z` */
  readonly date: string;
  readonly sessionToken: string | undefined;
  /** Seconds that a signature in the query is good for; absent for any other. */
  readonly expiresS?: number;
  /** The query as it was signed. */
  readonly query: string;
}

export interface Refusal {
  readonly kind: 'refused';
  /** `InvalidSignatureException` and the like. */
  readonly errorType: string;
  readonly message: string;
}

export function refused(errorType: string, message: string): Refusal {
  return { kind: 'refused', errorType, message };
}

/** What services say each in their own way. */
export interface Wording {
  /** Of a request that is not signed at all. */
  readonly unsigned: string;
  /** Whether `Authorization: Bearer …` counts as no signature, or as a broken one. */
  readonly foreignScheme: 'unsigned' | 'broken';
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Seconds in a week: the longest that a signed URL may be good for. */
const MOST_EXPIRES_S = 604_800;

/** The claim of a request's header or query, whichever it has; whether it is true is another question. */
export function readClaim(request: SignedRequest, wording: Wording): Claim | Refusal {
  const authorization = headerOf(request.headers, 'authorization');
  const parameters = new URLSearchParams(request.query);
  const inQuery = parameters.has('X-Amz-Algorithm');
  if (authorization !== undefined && inQuery) {
    const both = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
    return refused('InvalidSignatureException', both);
  }
  if (inQuery) return readQuery(request.query, parameters);
  if (authorization !== undefined && (authorization.startsWith('AWS4-') || wording.foreignScheme === 'broken')) {
    return readHeader(authorization, request);
  }
  return refused('MissingAuthenticationTokenException', wording.unsigned);
}

/** One header's text; several of one name are joined as they are signed. */
export function headerOf(headers: SignedRequest['headers'], name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

function readHeader(authorization: string, { headers, query }: SignedRequest): Claim | Refusal {
  // Commas, spaces or both part the fields.
  const [algorithm = '', ...parts] = authorization.split(/[,\s]+/).filter((part) => part !== '');
  const fields = new Map<string, string>();
  for (const part of algorithm.startsWith('AWS4-') ? parts : [algorithm, ...parts]) {
    const equals = part.indexOf('=');
    if (equals < 0) {
      const message = `'${part}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`;
      return refused('IncompleteSignatureException', message);
    }
    fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const date = headerOf(headers, 'x-amz-date') ?? basicDate(headerOf(headers, 'date'));
  const missing = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter. `);
  if (date === undefined) {
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
  }
  if (missing.length > 0) {
    return refused('IncompleteSignatureException', `${missing.join('')}Authorization=${authorization}`);
  }
  return complete({
    algorithm,
    credential: fields.get('Credential'),
    signature: fields.get('Signature'),
    signedHeaders: fields.get('SignedHeaders'),
    date,
    sessionToken: headerOf(headers, 'x-amz-security-token'),
    query,
  });
}

function readQuery(query: string, parameters: URLSearchParams): Claim | Refusal {
  const get = (name: string) => parameters.get(name) ?? undefined;
  const missing = ['X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders', 'X-Amz-Date']
    .filter((name) => !get(name))
    .map((name) => `AWS query-string parameters must include '${name}'. `);
  if (missing.length > 0) {
    return refused('IncompleteSignatureException', `${missing.join('')}Re-examine the query-string parameters.`);
  }
  const expires = get('X-Amz-Expires');
  if (expires !== undefined && !(/^\d{1,6}$/.test(expires) && Number(expires) <= MOST_EXPIRES_S)) {
    const message = `X-Amz-Expires must be a number of seconds, at most ${MOST_EXPIRES_S}: '${expires}'.`;
    return refused('IncompleteSignatureException', message);
  }
  return complete({
    algorithm: get('X-Amz-Algorithm') ?? '',
    credential: get('X-Amz-Credential'),
    signature: get('X-Amz-Signature'),
    signedHeaders: get('X-Amz-SignedHeaders'),
    date: get('X-Amz-Date'),
    sessionToken: get('X-Amz-Security-Token'),
    ...(expires !== undefined && { expiresS: Number(expires) }),
    query: query
      .split('&')
      .filter((pair) => !pair.startsWith('X-Amz-Signature='))
      .join('&'),
  });
}

interface Fields {
  readonly algorithm: string;
  readonly credential: string | undefined;
  readonly signature: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly date: string | undefined;
  readonly sessionToken: string | undefined;
  readonly expiresS?: number;
  readonly query: string;
}

function complete({ algorithm, credential = '', signature = '', signedHeaders = '', date = '', ...rest }: Fields) {
  if (algorithm !== ALGORITHM) {
    return refused('IncompleteSignatureException', `Unsupported AWS 'algorithm': '${algorithm}'. `);
  }
  const parts = credential.split('/');
  while (parts.at(-1) === '') parts.pop(); // slashes at the end count for nothing
  const [accessKeyId = '', ...scope] = parts;
  if (scope.length !== 4) {
    const form = 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term';
    return refused('IncompleteSignatureException', `${form}, got '${credential}'`);
  }
  return { ...rest, accessKeyId, scope, signature, date, signedHeaders: signedHeaders.toLowerCase().split(';') };
}

/** A `Date` header as signatures write it: `20261123T011500Z`. What is no date stays as it is. */
function basicDate(date: string | undefined): string | undefined {
  const epoch = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(epoch) ? date : new Date(epoch).toISOString().replace(/[-:]|\.\d+/g, '');
}
