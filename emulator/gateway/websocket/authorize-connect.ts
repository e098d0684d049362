import type { IncomingMessage } from 'node:http';
import { EmulatorError } from '../../stack/emulator-error.ts';
import { executeApiArn, type RequestAuthorizer, type WebSocketApi } from '../../stack/stack.ts';
import { type IdentitySource, readIdentitySource } from '../authorizers/identity-sources.ts';
import { createRequestAuthorizer } from '../authorizers/request-authorizer.ts';
import type { GatewayContext } from '../context.ts';
import { parseQuery, parseTarget } from '../events/target.ts';
import { authorizerEvent, type ConnectionFacts, type HandshakeRequest, type Occurrence } from '../events/websocket.ts';
import { type Refusal, refused } from './handshake.ts';

/** Whether a handshake may reach `$connect`, and what every event of the connection then tells of it. */
export type Authorization =
  | { readonly accepted: true; readonly facts: Pick<ConnectionFacts, 'authorizer' | 'signer'> }
  | Refusal;

/** A handshake that asks to be let in. */
export interface Applicant extends HandshakeRequest {
  readonly request: Pick<IncomingMessage, 'headers' | 'url'>;
  readonly facts: ConnectionFacts;
  readonly occurrence: Occurrence;
}

export type ConnectAuthorization = (applicant: Applicant) => Promise<Authorization>;

const NOTHING = Buffer.alloc(0);

/**
 * Authorization of connections: by a function (WS-15), by signature (WS-16) or none. It happens here, when connecting, and
 * never again.
 * @throws EmulatorError TEMPLATE_INVALID for what no WebSocket API has: a JWT authorizer, or authorization of another route
 */
export function createConnectAuthorization(context: GatewayContext, api: WebSocketApi): ConnectAuthorization {
  for (const { routeKey, authorization } of api.routes) {
    if (authorization.kind === 'none' || (routeKey === '$connect' && authorization.kind !== 'jwt')) continue;
    throw notAuthorizable(api, routeKey, authorization.kind);
  }
  const authorization = api.routes.find(({ routeKey }) => routeKey === '$connect')?.authorization;
  const methodArn = `${executeApiArn(context.stack, api.apiId)}/${api.stage.name}/$connect`;
  switch (authorization?.kind) {
    case 'iam':
      return bySignature(context, methodArn);
    case 'request':
      return byFunction(context, api, authorization.authorizer, methodArn);
    default:
      return async () => ({ accepted: true, facts: {} });
  }
}

/** The handshake is signed, in its headers or its query, by somebody who may `execute-api:Invoke` (WS-16). */
function bySignature({ authority, stack }: GatewayContext, methodArn: string): ConnectAuthorization {
  return async ({ request }) => {
    const { path, query } = parseTarget(request.url ?? '');
    const signed = { method: 'GET', path, query, headers: request.headers, body: NOTHING };
    const ruling = authority.rule(signed, 'execute-api:Invoke', methodArn);
    if (ruling.allowed) {
      return { accepted: true, facts: { signer: { accountId: stack.accountId, userArn: ruling.principalArn } } };
    }
    const note = `$connect wants a signature (AWS_IAM): ${ruling.message}; no function ran`;
    return { ...refused(403, ruling.message, note, 'WS-16'), errorType: ruling.errorType };
  };
}

/** A function looks at the handshake and returns a policy (WS-15). Of a WebSocket API nothing of it is ever cached. */
function byFunction(
  context: GatewayContext,
  api: WebSocketApi,
  authorizer: RequestAuthorizer,
  methodArn: string,
): ConnectAuthorization {
  const sources = authorizer.identitySources.map((expression) => identitySource(authorizer, expression));
  const ask = createRequestAuthorizer(
    context,
    executeApiArn(context.stack, api.apiId),
    { ...authorizer, cacheTtlMs: 0 },
    context.quotas.webSocketIntegrationMs,
  );
  return async ({ facts, occurrence, headers, query }) => {
    const event = authorizerEvent(facts, occurrence, { headers, query }, methodArn);
    const seen = {
      headers,
      query: parseQuery(query),
      context: event.requestContext,
      stageVariables: facts.stage.variables,
    };
    const identity = sources.map((read) => read(seen));
    const said = await ask({ identity, resourceArn: methodArn, event: () => event });
    if (said.kind !== 'allowed') {
      const message = said.kind === 'broken' ? 'Internal server error' : said.message;
      return refused(said.status, message, said.note, 'WS-15');
    }
    const { principalId = '', latencyMs: integrationLatency } = said;
    return { accepted: true, facts: { authorizer: { ...texts(said.context), principalId, integrationLatency } } };
  };
}

function identitySource(authorizer: RequestAuthorizer, expression: string): IdentitySource {
  // With a dollar it would be one of an HTTP API's.
  const source = expression.startsWith('$') ? undefined : readIdentitySource(expression);
  if (source === undefined) throw unknownSource(authorizer, expression);
  return source;
}

/** Context values as events show them: text, whatever the function gave. */
function texts(context: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const given = Object.entries(context).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function notAuthorizable({ logicalId }: WebSocketApi, routeKey: string, kind: string): EmulatorError {
  return new EmulatorError({
    code: 'TEMPLATE_INVALID',
    cause: `${logicalId}: the route ${routeKey} asks for authorization by ${kind}, which no WebSocket API has there.`,
    cure: 'Authorize $connect, by AWS_IAM or a REQUEST authorizer: it holds for the whole connection (WS-16).',
  });
}

function unknownSource({ logicalId }: RequestAuthorizer, expression: string): EmulatorError {
  return new EmulatorError({
    code: 'TEMPLATE_INVALID',
    cause: `${logicalId}: ${expression} is no identity source of a WebSocket authorizer.`,
    cure: 'Use route.request.header.X, route.request.querystring.X, context.X or stageVariables.X (WS-15).',
  });
}
