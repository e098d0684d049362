/** A text frame that the gateway itself sent, as it has no `type`. */
export interface GatewayFrame {
  /** `Internal server error` (WS-34: the edge's function failed or was not allowed) or `Forbidden` (WS-33: no route). */
  readonly message: string;
  readonly connectionId: string;
  /** The gateway's own id, to be looked up in its logs. */
  readonly gatewayRequestId: string;
}

/** @returns undefined for any other text */
export function readGatewayFrame(text: string): GatewayFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || 'type' in value) return undefined;
  if (!('message' in value) || typeof value.message !== 'string') return undefined;
  if (!('connectionId' in value) || typeof value.connectionId !== 'string') return undefined;
  if (!('requestId' in value) || typeof value.requestId !== 'string') return undefined;
  return { message: value.message, connectionId: value.connectionId, gatewayRequestId: value.requestId };
}
