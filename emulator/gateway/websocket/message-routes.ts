import type { MeteredMessage } from '../../meter/metering.ts';
import { drawDelay, strikes } from '../../stack/random.ts';
import { executeApiArn, type WebSocketApi, type WebSocketRoute } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { messageEvent } from '../events/websocket.ts';
import { isRecord, parseResult, statusOf } from '../function-result.ts';
import {
  type BoundIntegration,
  bindIntegration,
  describeFailure,
  type FailedOutcome,
  functionName,
} from '../integration.ts';
import type { Connection } from './connection.ts';
import { gatewayMessage } from './gateway-message.ts';
import { loadLenientReader } from './lenient-json.ts';
import { createRouteSelection, type RouteSelection } from './route-selection.ts';
import type { Throttling } from './throttling.ts';

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
  throttling: Pick<Throttling, 'takeMessage'>,
): (connection: Connection, body: string) => Promise<void> {
  const { clock, faults, latency, log, metering, randomOf, switches } = context;
  const ids = context.idsOf('messages');
  const shuffling = randomOf('messageShuffleMs');
  const throttles = randomOf('messageThrottleRate');
  const responding = new Set(api.routes.filter((route) => route.respond).map((route) => route.routeKey));
  const routeKeys = api.routes.map((route) => route.routeKey);
  const strict = createRouteSelection(api.routeSelectionExpression, routeKeys);
  const lenient = switches.lenientRouteJson ? lenientSelection(api.routeSelectionExpression, routeKeys) : undefined;

  function holdBack(ms: number): Promise<void> | undefined {
    return ms > 0 ? new Promise((resolve) => clock.after(ms, resolve)) : undefined;
  }

  function throttle(routeKey: string): string | undefined {
    return strikes(faults.messageThrottleRate, throttles)
      ? 'throttled on purpose (messageThrottleRate)'
      : throttling.takeMessage(routeKey);
  }

  return async (connection, body) => {
    const { connectionId } = connection.facts;
    // Drawn in the order of arrival, whatever becomes of the message.
    const delayMs = drawDelay(faults.messageShuffleMs, shuffling) + (latency?.draw('messageRouted') ?? 0);
    const occurrence = { requestId: ids.next(), at: clock.now() };
    const messageId = ids.next();
    const subject = `message ${occurrence.requestId} of ${connectionId}`;
    let metered: MeteredMessage | undefined;
    const send = (text: string) => {
      const bytes = Buffer.from(text);
      const sent = connection.send(bytes);
      if (sent === 'sent') metered?.replied({ bytes, inRegion: connection.inRegion });
      if (sent !== 'buffer-full') return;
      const message = `${subject}: the answer is lost, the client reads too slowly`;
      log({ level: 'warn', source: 'gateway', message, behaviour: 'MG-12' });
    };
    const reply = (message: string) => send(gatewayMessage(message, connectionId, occurrence.requestId));

    const selectRoute = lenient ? await lenient : strict;
    const routeKey = selectRoute(body);
    const integration = routeKey === undefined ? undefined : bound.get(routeKey);
    if (routeKey === undefined || !integration) {
      metered = metering.messageReceived(body);
      reply('Forbidden');
      const message = `${subject} fits no route among ${routeKeys.join(', ')} and there is no $default: no function ran`;
      log({ level: 'warn', source: 'gateway', message, behaviour: 'WS-33' });
      return;
    }
    const throttled = throttle(routeKey);
    if (throttled !== undefined) {
      reply(switches.messageThrottleText);
      log({ level: 'warn', source: 'gateway', message: `${subject} on ${routeKey}: ${throttled}`, behaviour: 'WS-50' });
      return;
    }
    metered = metering.messageReceived(body);
    await holdBack(delayMs);
    const event = messageEvent(connection.facts, occurrence, { routeKey, messageId, body });
    const { options, ended } = metered.invocationBegins();
    const outcome = await integration.call(JSON.stringify(event), options);
    ended();
    const ms = clock.now() - occurrence.at;
    if (outcome.kind !== 'returned') {
      reply(outcome.kind === 'timed-out' ? switches.messageTimeoutText : 'Internal server error');
      const message = `${subject} failed on ${routeKey}: ${describeFailure(integration.functionArn, outcome)}`;
      const level = connection.isOpen() ? 'error' : 'debug';
      log({ level, source: 'gateway', message, behaviour: BEHAVIOURS[outcome.kind] });
      return;
    }
    const answer = readAnswer(outcome.payload, responding.has(routeKey), switches);
    if (answer.kind === 'text') send(answer.text);
    if (answer.kind === 'error') reply('Internal server error');
    const level = answer.kind === 'error' ? 'error' : 'info';
    const behaviour = answer.kind === 'error' ? 'WS-35' : 'WS-36';
    const message = `${subject} ran ${routeKey} in ${ms} ms by ${functionName(integration.functionArn)}: ${noteOf(answer)}`;
    log({ level, source: 'gateway', message, behaviour });
  };
}

function noteOf(answer: Answer): string {
  switch (answer.kind) {
    case 'none':
      return 'what it returned goes nowhere, for the route has no route response';
    case 'empty':
      return 'its answer has no body';
    case 'text':
      return 'its body went back to the client';
    case 'error':
      return `it ${answer.fault}`;
  }
}

async function lenientSelection(expression: string, routeKeys: readonly string[]): Promise<RouteSelection> {
  return createRouteSelection(expression, routeKeys, await loadLenientReader());
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
  | { readonly kind: 'empty' }
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
      ? { kind: 'empty' }
      : { kind: 'error', fault: 'returned a body that is not a string' };
  }
  const status = statusOf(result, switches) ?? 200;
  return status >= 400 ? { kind: 'error', fault: `returned status ${status}` } : { kind: 'none' };
}
