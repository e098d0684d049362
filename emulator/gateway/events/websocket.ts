import type { Stage } from '../../stack/stack.ts';
import { allValues, type Header, lastValues } from './headers.ts';
import { unlessEmpty } from './http-request.ts';
import { requestTime } from './request-time.ts';
import { parseQuery } from './target.ts';

/** What every event of one connection repeats. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly stage: Pick<Stage, 'name' | 'variables'>;
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent?: string;
  /** Who signed the handshake, where `$connect` asks for that (WS-16). */
  readonly signer?: { readonly accountId: string; readonly userArn: string };
  /** What the authorizer said, in every event of the connection (WS-15). */
  readonly authorizer?: Readonly<Record<string, string | number>>;
}

/** What a handshake brought along. */
export interface HandshakeRequest {
  /** With the gateway's own. */
  readonly headers: readonly Header[];
  /** As sent, without the `?`. */
  readonly query: string;
}

/** One event's own name and moment. */
export interface Occurrence {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The CONNECT event: the only one with the handshake's headers and query (WS-11, WS-12). */
export function connectEvent(facts: ConnectionFacts, occurrence: Occurrence, handshake: HandshakeRequest) {
  const query = [...parseQuery(handshake.query)];
  return {
    headers: lastValues(handshake.headers),
    multiValueHeaders: allValues(handshake.headers),
    queryStringParameters:
      query.length > 0 ? Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])) : undefined,
    multiValueQueryStringParameters: query.length > 0 ? Object.fromEntries(query) : undefined,
    stageVariables: unlessEmpty(facts.stage.variables),
    requestContext: { routeKey: '$connect', eventType: 'CONNECT', ...context(facts, occurrence) },
    isBase64Encoded: false,
  };
}

/** Headers that only the authorizer sees; the integration of `$connect` does not (WS-12). */
const BEFORE: readonly Header[] = [
  { name: 'Connection', key: 'connection', value: 'upgrade' },
  { name: 'content-length', key: 'content-length', value: '0' },
];
const AFTER: readonly Header[] = [{ name: 'Upgrade', key: 'upgrade', value: 'websocket' }];

/**
 * The event of a REQUEST authorizer: always with every map, empty or not (WS-15, the developer guide's
 * apigateway-websocket-api-lambda-auth).
 * @param methodArn `arn:…:{apiId}/{stage}/$connect`
 */
export function authorizerEvent(
  facts: ConnectionFacts,
  occurrence: Occurrence,
  handshake: HandshakeRequest,
  methodArn: string,
) {
  const headers = [...BEFORE, ...handshake.headers, ...AFTER];
  const query = [...parseQuery(handshake.query)];
  return {
    type: 'REQUEST',
    methodArn,
    headers: lastValues(headers),
    multiValueHeaders: allValues(headers),
    queryStringParameters: Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])),
    multiValueQueryStringParameters: Object.fromEntries(query),
    stageVariables: facts.stage.variables,
    requestContext: { routeKey: '$connect', eventType: 'CONNECT', ...context(facts, occurrence) },
  };
}

/**
 * A MESSAGE event: no headers, no query (WS-37).
 * @param message `routeKey` is the one that was selected, not what the message asked for (WS-38)
 */
export function messageEvent(
  facts: ConnectionFacts,
  occurrence: Occurrence,
  message: { readonly routeKey: string; readonly messageId: string; readonly body: string },
) {
  const { routeKey, messageId, body } = message;
  return {
    stageVariables: unlessEmpty(facts.stage.variables),
    requestContext: { routeKey, messageId, eventType: 'MESSAGE', ...context(facts, occurrence) },
    body,
    isBase64Encoded: false,
  };
}

/** The DISCONNECT event, with its four headers and no others (WS-61, WS-62). */
export function disconnectEvent(
  facts: ConnectionFacts,
  occurrence: Occurrence,
  close: { readonly code: number; readonly reason: string },
) {
  const headers = { Host: facts.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    stageVariables: unlessEmpty(facts.stage.variables),
    requestContext: {
      routeKey: '$disconnect',
      disconnectStatusCode: close.code,
      eventType: 'DISCONNECT',
      disconnectReason: close.reason,
      ...context(facts, occurrence),
    },
    isBase64Encoded: false,
  };
}

function context(facts: ConnectionFacts, { requestId, at }: Occurrence) {
  return {
    extendedRequestId: requestId,
    requestTime: requestTime(at),
    messageDirection: 'IN',
    stage: facts.stage.name,
    connectedAt: facts.connectedAt,
    requestTimeEpoch: at,
    authorizer: facts.authorizer,
    identity: { ...facts.signer, userAgent: facts.userAgent, sourceIp: facts.sourceIp },
    requestId,
    domainName: facts.domainName,
    connectionId: facts.connectionId,
    apiId: facts.apiId,
  };
}
