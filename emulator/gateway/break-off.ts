import type { ServerResponse } from 'node:http';
import type { Log } from '../stack/log.ts';

/** The last resort where an answer cannot be written: the client gets a bare 500 or its connection cut, the log the reason. */
export function breakOff(response: ServerResponse, error: unknown, log: Log): void {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log({ level: 'error', source: 'gateway', message: `an answer could not be written: ${reason}` });
  if (response.headersSent) response.destroy();
  else response.writeHead(500, ['Content-Length', '0', 'Connection', 'close']).end();
}
