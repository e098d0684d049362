/** What invoked us. `unknown` is anything the edge has no handler for. */
export type EventKind = 'http-1.0' | 'http-2.0' | 'websocket' | 'unknown';

/**
 * Tells events apart by what only they have. Never by `routeKey` alone: `$default` stands in HTTP API 2.0 events and in
 * WebSocket events alike.
 * @see WS-39, HA-04, HA-18
 */
export function eventKind(event: unknown): EventKind {
  if (!isRecord(event) || !isRecord(event.requestContext)) return 'unknown';
  const { requestContext } = event;
  if (isRecord(requestContext.http)) return 'http-2.0';
  if (typeof requestContext.eventType === 'string' && typeof requestContext.connectionId === 'string') {
    return 'websocket';
  }
  return typeof event.httpMethod === 'string' ? 'http-1.0' : 'unknown';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
