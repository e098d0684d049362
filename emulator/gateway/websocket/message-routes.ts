import { executeApiArn, type WebSocketApi, type WebSocketRoute } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { messageEvent } from '../events/websocket.ts';
import { isRecord, parseResult, statusOf } from '../function-result.ts';
import { type BoundIntegration, bindIntegration, describeFailure, type FailedOutcome } from '../integration.ts';
import type { Connection } from './connection.ts';
import { gatewayMessage } from './gateway-message.ts';
import { createRouteSelection } from './route-selection.ts';

/** Binds each route of the API to its function, by route key. */
export function bindRoutes(context: GatewayContext, api: WebSocketApi): ReadonlyMap<string, BoundIntegration> {
  const arn = `${executeApiArn(context.stack, api.apiId)}/${api.stage.name}`;
  const bind = ({ routeKey, integration }: WebSocketRoute) =>
    bindIntegration(context.integrations, integration, `${arn}/${routeKey}`, context.quotas.webSocketIntegrationMs);
  return new Map(api.routes.map((route) => [route.routeKey, bind(route)]));
}

/**
 * Makes the function that takes one message through route, event, invocation and answer. Each message is on its own:
 * none waits for another, and a seeded delay makes sure that nobody relies on their order (WS-44).
 */
export function createMessageRoutes(
  context: GatewayContext,
  api: WebSocketApi,
  bound: ReadonlyMap<string, BoundIntegration>,
): (connection: Connection, body: string) => Promise<void> {
  const { clock, faults, ids, log, random, switches } = context;
  const responding = new Set(api.routes.filter((route) => route.respond).map((route) => route.routeKey));
  const routeKeys = api.routes.map((route) => route.routeKey);
  const selectRoute = createRouteSelection(api.routeSelectionExpression, routeKeys);

  function holdBack(): Promise<void> | undefined {
    const ms = Math.floor(random() * (faults.messageShuffleMs + 1));
    return ms > 0 ? new Promise((resolve) => clock.after(ms, resolve)) : undefined;
  }

  return async (connection, body) => {
    const { connectionId } = connection.facts;
    const occurrence = { requestId: ids.next(), at: clock.now() };
    const subject = `message ${occurrence.requestId} of ${connectionId}`;
    const reply = (message: string) =>
      connection.send(Buffer.from(gatewayMessage(message, connectionId, occurrence.requestId)));

    const routeKey = selectRoute(body);
    const integration = routeKey === undefined ? undefined : bound.get(routeKey);
    if (routeKey === undefined || !integration) {
      reply('Forbidden');
      const message = `${subject} fits no route among ${routeKeys.join(', ')} and there is no $default`;
      log({ level: 'warn', source: 'gateway', message, behaviour: 'WS-33' });
      return;
    }
    await holdBack();
    const event = messageEvent(connection.facts, occurrence, { routeKey, messageId: ids.next(), body });
    const outcome = await integration.call(JSON.stringify(event));
    const ms = clock.now() - occurrence.at;
    if (outcome.kind !== 'returned') {
      reply(outcome.kind === 'timed-out' ? 'Endpoint request timed out' : 'Internal server error');
      const message = `${subject} failed on ${routeKey}: ${describeFailure(integration.functionArn, outcome)}`;
      const level = connection.isOpen() ? 'error' : 'debug';
      log({ level, source: 'gateway', message, behaviour: BEHAVIOURS[outcome.kind] });
      return;
    }
    const answer = readAnswer(outcome.payload, responding.has(routeKey), switches);
    if (answer.kind === 'text') connection.send(Buffer.from(answer.text));
    if (answer.kind === 'error') reply('Internal server error');
    const level = answer.kind === 'error' ? 'error' : 'debug';
    const note = answer.kind === 'error' ? `: ${integration.functionArn} ${answer.fault}` : '';
    log({ level, source: 'gateway', message: `${subject} ran ${routeKey} in ${ms} ms${note}`, behaviour: 'WS-36' });
  };
}

const BEHAVIOURS: Readonly<Record<FailedOutcome['kind'], string>> = {
  forbidden: 'WS-08',
  failed: 'WS-34',
  'timed-out': 'WS-51',
  'event-too-large': 'WS-34',
  throttled: 'WS-34',
  'not-found': 'WS-34',
};

type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly fault: string };

/** What of a result goes back to the client: nothing, unless the route has a route response (WS-35, WS-36). */
function readAnswer(payload: string, respond: boolean, switches: GatewayContext['switches']): Answer {
  if (!respond && !switches.error4xxFrame) return { kind: 'none' };
  const result = parseResult(payload);
  if (!isRecord(result)) return respond ? { kind: 'error', fault: 'returned no object' } : { kind: 'none' };
  if (respond) {
    const { body } = result;
    if (typeof body === 'string') return { kind: 'text', text: body };
    return body === undefined || body === null
      ? { kind: 'none' }
      : { kind: 'error', fault: 'returned a body that is not a string' };
  }
  const status = statusOf(result, switches) ?? 200;
  return status >= 400 ? { kind: 'error', fault: `returned status ${status}` } : { kind: 'none' };
}
