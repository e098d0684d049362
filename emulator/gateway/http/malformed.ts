import type { IncomingMessage } from 'node:http';

const NOT_ASCII = /[^\x21-\x7e]/;

/** What is wrong with a request that Node's parser lets through and no gateway would take; nothing where all is well. */
export function malformed(request: IncomingMessage): string | undefined {
  const hosts = request.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length;
  if (hosts > 1) return 'more than one Host header, of which nobody knows the right one';
  if (NOT_ASCII.test(request.url ?? '')) return 'the target holds bytes that must be percent-encoded (RFC 3986)';
  return undefined;
}

/** Bytes of request line and headers as they came over the wire (HA-22). */
export function headerBytes(request: IncomingMessage): number {
  let total = (request.method ?? '').length + (request.url ?? '').length + ' HTTP/1.1\r\n '.length;
  for (const text of request.rawHeaders) total += text.length + 2; // `: ` after a name, CRLF after a value
  return total;
}
