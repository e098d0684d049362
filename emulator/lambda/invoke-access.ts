import type { CredentialStore } from '../iam/credentials.ts';
import { denial, identify, isAllowed, type SignedRequest } from '../iam/signature.ts';
import type { Clock } from '../stack/clock.ts';

export interface InvokeAccess {
  readonly credentials: CredentialStore;
  readonly region: string;
  readonly clock: Clock;
}

export interface Refusal {
  readonly status: number;
  readonly errorType: string;
  readonly message: string;
}

/**
 * Whether a request may invoke a function. Whoever signs as one of the stack's functions is held to its role
 * (`lambda:InvokeFunction`), and so is everyone who asks for the API by its name in AWS, as only functions do here.
 *
 * By a loopback name anybody may: the port listens on this machine alone, `curl` cannot sign, and a person's tools sign with
 * keys of an account that is not known here. Web pages are refused before this.
 * @returns the refusal, in AWS's words; undefined when it may
 */
export function refuseCaller(request: SignedRequest, functionArn: string, access: InvokeAccess): Refusal | undefined {
  const { credentials, region, clock } = access;
  const accessKeyId = accessKeyOf(request);
  const isKnown = accessKeyId !== undefined && credentials.find(accessKeyId) !== undefined;
  if (!isKnown && !asksByName(request)) return undefined;
  const who = identify(request, { credentials, service: 'lambda', region, now: clock.now() });
  if (who.kind === 'refused') {
    const status = who.errorType === 'IncompleteSignatureException' ? 400 : 403;
    return { status, errorType: who.errorType, message: who.message };
  }
  const action = 'lambda:InvokeFunction';
  if (isAllowed(who.principal, action, functionArn)) return undefined;
  return { status: 403, errorType: 'AccessDeniedException', message: denial(who.principal, action, functionArn) };
}

function accessKeyOf({ headers, query }: SignedRequest): string | undefined {
  const { authorization = '' } = headers;
  return /Credential=([^/,\s]+)/.exec(`${authorization}&${query}`)?.[1];
}

function asksByName({ headers: { host } }: SignedRequest): boolean {
  return typeof host === 'string' && /\.amazonaws\.com(\.cn)?(:\d+)?$/i.test(host);
}
