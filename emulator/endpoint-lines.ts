import type { Emulator } from './emulator.ts';

/** One line an endpoint, aligned, for a person's terminal. */
export function endpointLines(urls: Emulator['urls']): readonly string[] {
  const { http, websocket, management, functions = {}, lambda, dynamodb } = urls;
  const rows = [
    ['HTTP API', http],
    ['WebSocket API', websocket],
    ['Management API', management],
    ...Object.entries(functions).map(([name, url]): [string, string] => [`URL of ${name}`, url]),
    ['Lambda', lambda],
    ['DynamoDB', dynamodb],
  ] satisfies [string, string | undefined][];
  return rows.flatMap(([name, url]) => (url === undefined ? [] : [`  ${name.padEnd(16)}${url}`]));
}
