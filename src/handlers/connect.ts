import type { WebSocketEvent } from '../adapters/websocket-event.ts';
import { headerOf } from '../adapters/websocket-event.ts';
import { parseAdmission } from '../tunnel/admission.ts';
import { openConnection } from '../tunnel/open-connection.ts';
import { wireStores } from './wiring.ts';

let wired: ReturnType<typeof wire> | undefined;

/** `$connect`: 200 lets the agent in, 401 refuses it; nothing else of the answer reaches it (WS-02). */
export async function handler(event: WebSocketEvent): Promise<{ statusCode: number }> {
  wired ??= wire();
  const { connectionId } = event.requestContext;
  const handshake = { authorization: headerOf(event, 'authorization'), origin: headerOf(event, 'origin') };
  const result = await openConnection(connectionId, handshake, wired);
  return { statusCode: result === 'accepted' ? 200 : 401 };
}

function wire() {
  const stores = wireStores();
  const { auth, tokens } = stores.config;
  const admission = parseAdmission(auth, tokens);
  for (const problem of admission.problems) stores.log('error', 'setting not understood', { problem });
  return { ...stores, stackKey: stores.knownStackKey, admission };
}
