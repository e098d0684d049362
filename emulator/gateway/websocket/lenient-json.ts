import type { ReadMessage } from './route-selection.ts';

/** Reads messages whose keys lack their quotes, as one capture suggests that the gateway does (WS-32). */
export async function loadLenientReader(): Promise<ReadMessage> {
  const { default: json5 } = await import('json5');
  return (body) => {
    try {
      return json5.parse(body);
    } catch {
      return undefined;
    }
  };
}
