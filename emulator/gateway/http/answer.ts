import type { ServerResponse } from 'node:http';
import type { LogLevel } from '../../stack/log.ts';
import { type GatewayResponse, ownResponse, titleCase } from './response.ts';

/** What became of a request: the answer, and what the log says about it. */
export interface Answer {
  readonly response: GatewayResponse;
  /** Of the function that gave the answer, with its route: `items (GET /items/{id})`. */
  readonly by?: string;
  /** What AWS would have done, and where to look. */
  readonly note?: string;
  readonly level: LogLevel;
  /** An id of aws-behaviours.md. */
  readonly behaviour?: string;
  /** The headers of CORS, if any, are in it: it answers a preflight. */
  readonly isPreflight?: boolean;
}

/** An answer of the gateway's own to a request that it turns away. */
export function refusal(status: number, message: string, note: string, behaviour?: string): Answer {
  const level = status >= 500 ? 'error' : 'warn';
  return { response: ownResponse(status, message), note, level, ...(behaviour !== undefined && { behaviour }) };
}

/**
 * Writes an answer with the headers that every one has (HR-10).
 * @param own headers of the service's own, at the end
 */
export function writeResponse(
  response: ServerResponse,
  { status, headers, body }: GatewayResponse,
  own: Readonly<Record<string, string>>,
): void {
  const lines: string[] = [];
  for (const [name, value] of headers) lines.push(titleCase(name), value);
  if (status !== 204 && status !== 304) lines.push('Content-Length', String(Buffer.byteLength(body)));
  // Named here because Node would add a Keep-Alive header of its own, which AWS does not send.
  lines.push('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close', ...Object.entries(own).flat());
  response.writeHead(status, lines);
  // As bytes: beside a text Node writes the head as UTF-8 too, which bends header values beyond ASCII.
  response.end(response.req.method === 'HEAD' ? undefined : Buffer.from(body));
}
