import { type CredentialStore, DEVELOPER_CREDENTIALS, type Principal } from '../iam/credentials.ts';
import { denial, identify, isAllowed, type SignedRequest } from '../iam/signature.ts';
import type { Log } from '../stack/log.ts';
import { type Answer, answerOf, type Call, failure } from './database.ts';
import { requiredPermissions } from './required-permissions.ts';

export interface GuardOptions {
  readonly credentials: CredentialStore;
  readonly region: string;
  /** Epoch milliseconds of the machine's own clock, by which clients sign. */
  readonly now: () => number;
  readonly log: Log;
}

/** Who asks, or the answer that refuses. */
export type Ruling =
  | { readonly kind: 'admitted'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly answer: Answer };

/** Asks of every call who signed it, and whether that caller may do it: as strict as AWS, which no local database is. */
export function createGuard({ credentials, region, now, log }: GuardOptions) {
  return (request: SignedRequest, call: Call): Ruling => {
    const who = identify(request, { credentials, service: 'dynamodb', region, now: now() });
    if (who.kind === 'refused') {
      const cure = who.errorType === 'UnrecognizedClientException' ? `. ${developerCure(region)}` : '';
      log({
        level: 'warn',
        source: 'dynamodb',
        message: `${call.operation} by key ${keyOf(request)} refused: ${who.errorType}: ${who.message}${cure}`,
      });
      return { kind: 'refused', answer: failure(`com.amazon.coral.service#${who.errorType}`, who.message) };
    }
    const { principal } = who;
    const missing = requiredPermissions(call, principal.arn, region).find(
      ({ action, resource }) => !isAllowed(principal, action, resource),
    );
    if (missing === undefined) return { kind: 'admitted', principal };
    const Message = denial(principal, missing.action, missing.resource);
    log({
      level: 'warn',
      source: 'dynamodb',
      message: `AccessDeniedException for ${callerName(principal)}: its role does not allow ${missing.action} on ${missing.resource}`,
    });
    const body = { __type: 'com.amazon.coral.service#AccessDeniedException', Message };
    return { kind: 'refused', answer: answerOf(400, body) };
  };
}

/** A function by its name, the developer as `developer`. */
export function callerName({ arn }: Principal): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function keyOf({ headers, query }: SignedRequest): string {
  const [, key = '(none)'] = /Credential=([^/,\s&%]+)/.exec(`${headers.authorization ?? ''} ${query}`) ?? [];
  return key;
}

function developerCure(region: string): string {
  const { accessKeyId, secretAccessKey } = DEVELOPER_CREDENTIALS;
  return (
    'The emulator knows the functions’ own keys and the developer’s: ' +
    `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_REGION=${region}`
  );
}
