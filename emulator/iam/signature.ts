import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest } from './canonical-request.ts';
import { ALGORITHM, type Claim, headerOf, type Refusal, readClaim, refused, type SignedRequest } from './claim.ts';
import type { CredentialStore, KnownCredentials, Principal } from './credentials.ts';
import { judgeByPolicies } from './policy.ts';

export type { SignedRequest } from './claim.ts';

/** Who asks, or the error that AWS names. */
export type Identification = { readonly kind: 'identified'; readonly principal: Principal } | Refusal;

export interface IdentifyOptions {
  readonly credentials: CredentialStore;
  /** `execute-api`, `dynamodb`, `lambda`. */
  readonly service: string;
  readonly region: string;
  /** Epoch milliseconds on the signer's clock: signers read the machine's own, however fast the emulator's runs. */
  readonly now: number;
  /** True where a service takes `x-amz-content-sha256: UNSIGNED-PAYLOAD`; API Gateway, Lambda and DynamoDB do not. */
  readonly unsignedPayload?: boolean;
}

/** @property skewMinutes how far a signature and the clock may be apart */
const DYNAMODB = {
  unsigned: 'Request is missing Authentication Token',
  foreignScheme: 'unsigned',
  skewMinutes: 15,
} as const;
const OTHERS = { unsigned: 'Missing Authentication Token', foreignScheme: 'broken', skewMinutes: 5 } as const;

/** Finds out who signed a request, in its header or in its query (MG-03). Never throws, whatever the request holds. */
export function identify(request: SignedRequest, options: IdentifyOptions): Identification {
  const habits = options.service === 'dynamodb' ? DYNAMODB : OTHERS;
  const claim = readClaim(request, habits);
  if ('kind' in claim) return claim;
  const fault = faultOfTime(claim, options.now, habits.skewMinutes) ?? faultOfScope(claim, options);
  if (fault !== undefined) return fault;
  const known = options.credentials.find(claim.accessKeyId);
  if (known === undefined) return UNRECOGNIZED;
  const bodyHash = claimedHash(request, options.unsignedPayload === true);
  const fits = (host: string) => signatureFits(canonicalRequest(request, claim, host, bodyHash ?? ''), claim, known);
  if (bodyHash === undefined || !hostsOf(request).some(fits)) return refused('InvalidSignatureException', MISMATCH);
  return known.sessionToken === claim.sessionToken ? { kind: 'identified', principal: known.principal } : UNRECOGNIZED;
}

/** Whether whoever signed may do this; a principal without statements may do anything. */
export function isAllowed({ statements }: Principal, action: string, resourceArn: string): boolean {
  return statements === undefined || judgeByPolicies(statements, action, resourceArn) === 'allowed';
}

/** AWS's own words for what no policy allows, or one denies. */
export function denial({ arn, statements = [] }: Principal, action: string, resourceArn: string): string {
  const because =
    judgeByPolicies(statements, action, resourceArn) === 'denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${resourceArn} ${because}`;
}

const UNRECOGNIZED = refused('UnrecognizedClientException', 'The security token included in the request is invalid.');

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. ' +
  'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

function faultOfTime({ date, expiresS }: Claim, now: number, skewMinutes: number): Refusal | undefined {
  const signedAt = epochOf(date);
  if (Number.isNaN(signedAt)) {
    const message = `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`;
    return refused('IncompleteSignatureException', message);
  }
  const skewMs = skewMinutes * 60_000;
  const pastMs = expiresS === undefined ? skewMs : expiresS * 1_000;
  const past = expiresS === undefined ? `${skewMinutes} min.` : `${expiresS} s`;
  if (signedAt < now - pastMs) {
    const message = `Signature expired: ${date} is now earlier than ${dateOf(now - pastMs)} (${dateOf(now)} - ${past})`;
    return refused('InvalidSignatureException', message);
  }
  if (signedAt > now + skewMs) {
    const bound = `${dateOf(now + skewMs)} (${dateOf(now)} + ${skewMinutes} min.)`;
    const message = `Signature not yet current: ${date} is still later than ${bound}`;
    return refused('InvalidSignatureException', message);
  }
  return undefined;
}

function faultOfScope(claim: Claim, { region, service }: IdentifyOptions): Refusal | undefined {
  if (!claim.signedHeaders.includes('host')) {
    return refused('InvalidSignatureException', "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  const [day, ofRegion, ofService, term] = claim.scope;
  const faults = [
    ofRegion !== region && `Credential should be scoped to a valid region, not '${ofRegion}'. `,
    ofService !== service && `Credential should be scoped to correct service: '${service}'. `,
    term !== 'aws4_request' && `Credential should be scoped with a valid terminator: 'aws4_request', not '${term}'. `,
    day !== claim.date.slice(0, 8) &&
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
        `'${day}' != '${claim.date.slice(0, 8)}', from '${claim.date}'.`,
  ].filter((fault) => fault !== false);
  return faults.length === 0 ? undefined : refused('InvalidSignatureException', faults.join(''));
}

/** The hash that belongs to the body; undefined when the request names another one. */
function claimedHash({ headers, body }: SignedRequest, unsignedPayload: boolean): string | undefined {
  const named = headerOf(headers, 'x-amz-content-sha256');
  if (named === 'UNSIGNED-PAYLOAD') return unsignedPayload ? named : undefined;
  const actual = sha256(body);
  return named === undefined || named === actual ? actual : undefined;
}

/** Clients that name the emulator's own port sign it or leave it out; both mean this host. */
function hostsOf({ headers }: SignedRequest): string[] {
  const host = headerOf(headers, 'host') ?? '';
  const bare = host.replace(/:\d+$/, '');
  return bare === host ? [host] : [host, bare];
}

function signatureFits(
  canonical: string | undefined,
  { date, scope, signature }: Claim,
  known: KnownCredentials,
): boolean {
  if (canonical === undefined) return false;
  const toSign = [ALGORITHM, date, scope.join('/'), sha256(canonical)].join('\n');
  const expected = createHmac('sha256', signingKey(known, scope)).update(toSign).digest('hex');
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}

/** Of each credentials the key of the latest scope: a day's is the same for every request. */
const signingKeys = new WeakMap<KnownCredentials, { readonly scope: string; readonly key: string | Buffer }>();

function signingKey(known: KnownCredentials, parts: readonly string[]): string | Buffer {
  const scope = parts.join('/');
  const latest = signingKeys.get(known);
  if (latest?.scope === scope) return latest.key;
  const key = parts.reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${known.secretAccessKey}`,
  );
  signingKeys.set(known, { scope, key });
  return key;
}

/** `20261123T011500Z` as epoch milliseconds; NaN for anything else. */
function epochOf(date: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function dateOf(epoch: number): string {
  return new Date(epoch).toISOString().replace(/[-:]|\.\d+/g, '');
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
