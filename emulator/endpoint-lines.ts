import type { Emulator } from './emulator.ts';

/** One line an endpoint, aligned, for a person's terminal. */
export function endpointLines({ http, websocket, management, lambda, dynamodb }: Emulator['urls']): readonly string[] {
  const rows = [
    ['HTTP API', http],
    ['WebSocket API', websocket],
    ['Management API', management],
    ['Lambda', lambda],
    ['DynamoDB', dynamodb],
  ] as const;
  return rows.flatMap(([name, url]) => (url === undefined ? [] : [`  ${name.padEnd(16)}${url}`]));
}
