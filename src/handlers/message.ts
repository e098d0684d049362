import type { WebSocketEvent } from '../adapters/websocket-event.ts';
import { receiveMessage } from '../tunnel/receive-message.ts';
import { wirePost, wireStores } from './wiring.ts';

let wired: ReturnType<typeof wire> | undefined;

/** `$default`: one invocation a message, in any order (WS-44); the result is not sent back (WS-36). */
export async function handler(event: WebSocketEvent): Promise<{ statusCode: number }> {
  wired ??= wire();
  await receiveMessage(event.requestContext.connectionId, event.body ?? '', wired);
  return { statusCode: 200 };
}

function wire() {
  const stores = wireStores();
  return { ...stores, post: wirePost(stores) };
}
