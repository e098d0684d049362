import type { WebSocketEvent } from '../adapters/websocket-event.ts';
import { disconnectReason } from '../adapters/websocket-event.ts';
import { closeConnection } from '../tunnel/close-connection.ts';
import { wireStores } from './wiring.ts';

let wired: ReturnType<typeof wireStores> | undefined;

/** `$disconnect`: what is returned goes nowhere (WS-65). */
export async function handler(event: WebSocketEvent): Promise<{ statusCode: number }> {
  wired ??= wireStores();
  await closeConnection(event.requestContext.connectionId, disconnectReason(event), wired);
  return { statusCode: 200 };
}
