import type { Emulator } from '../emulator.ts';

/** One block that names every endpoint, for a person's terminal. */
export function endpointLines({ http, websocket, management, lambda, dynamodb }: Emulator['urls']): readonly string[] {
  const rows = [
    ['HTTP API', http],
    ['WebSocket API', websocket],
    ['Management API', management],
    ['Lambda', lambda],
    ['DynamoDB', dynamodb],
  ] as const;
  const present = rows.filter(([, url]) => url !== undefined);
  return ['', 'The stack runs here:', ...present.map(([name, url]) => `  ${name.padEnd(16)}${url}`), ''];
}
