import type { IncomingMessage } from 'node:http';

/** What is wrong with a request that Node has parsed and no gateway would take; nothing where all is well. */
export function malformed(request: IncomingMessage): string | undefined {
  const names = request.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const times = (name: string) => names.filter((each) => each === name).length;
  if (times('host') > 1) return 'more than one Host header, of which nobody knows the right one';
  if (times('content-length') > 1) return 'more than one Content-Length header';
  return undefined;
}

/** Bytes of request line and headers as they came over the wire (HA-22). */
export function headerBytes(request: IncomingMessage): number {
  let total = (request.method ?? '').length + (request.url ?? '').length + ' HTTP/1.1\r\n '.length;
  for (const text of request.rawHeaders) total += text.length + 2; // `: ` after a name, CRLF after a value
  return total;
}
