import type { Stage } from '../../stack/stack.ts';
import type { Switches } from '../switches.ts';
import type { Header } from './headers.ts';

/** A routed HTTP request: all that either payload format tells of it. */
export interface HttpRequest {
  readonly method: string;
  /** As sent: percent-encoded, with the stage's name where there is one (HA-09). */
  readonly path: string;
  /** As events show it decoded (HA-05). */
  readonly decodedPath: string;
  /** As sent, without the `?`. */
  readonly query: string;
  /** With the gateway's own. */
  readonly headers: readonly Header[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly domainName: string;
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: Pick<Stage, 'name' | 'variables'>;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly timeEpoch: number;
  /** Who was let in, where the route asks for that. */
  readonly granted?: Granted;
}

/** What an event tells of the authorization that a request has passed. */
export type Granted =
  | {
      readonly kind: 'lambda';
      /** Absent with simple responses. */
      readonly principalId?: string;
      readonly context?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'jwt';
      readonly claims: Readonly<Record<string, string>>;
      readonly scopes: readonly string[] | null;
    }
  | ({ readonly kind: 'iam' } & Signer);

/** Who signed a request. */
export interface Signer {
  readonly accessKey: string;
  readonly accountId: string;
  /** `AIDA…`, or `AROA…:session` of a role. */
  readonly userId: string;
  readonly userArn: string;
}

const TEXT_TYPES = new Set(['application/json', 'application/xml', 'application/javascript']);
/** Measured one by one; with other parameters, and where nobody measured, it was base64 (floci#2203). */
const LISTED_TYPES = new Set([
  ...TEXT_TYPES,
  'application/graphql',
  'application/json;charset=utf-8',
  'text/csv',
  'text/html',
  'text/plain',
  'text/plain;charset=utf-8',
  'text/xml',
]);

/**
 * The body as an event holds it. Only a few content types count as text; forms, and what names no type, are base64.
 * @see HA-16
 */
export function encodeBody(
  body: Buffer,
  contentType: string | undefined,
  textContentTypes: Switches['textContentTypes'],
): { body: string; isBase64Encoded: boolean } {
  return isText((contentType ?? '').toLowerCase(), textContentTypes)
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

function isText(contentType: string, textContentTypes: Switches['textContentTypes']): boolean {
  if (textContentTypes === 'listed') return LISTED_TYPES.has(contentType.replaceAll(/\s/g, ''));
  const type = contentType.split(';', 1)[0]?.trim() ?? '';
  return type.startsWith('text/') || TEXT_TYPES.has(type);
}

/** The first label of the domain. */
export function domainPrefix(domainName: string): string {
  return domainName.split('.', 1)[0] ?? '';
}

/** `undefined` for an empty record: in 2.0 events such keys are absent (HA-04), in 1.0 they are null. */
export function unlessEmpty<Value>(
  record: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> | undefined {
  return Object.keys(record).length > 0 ? record : undefined;
}
