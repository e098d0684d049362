import { endToEnd } from '../protocol/end-to-end.ts';
import type { HeaderPair } from '../protocol/messages.ts';
import type { PublicAddress, VisitorRequest } from './ports.ts';

/** Everything that says who asked: taken from the gateway, never from the visitor. */
const FORWARDED = /^(?:forwarded|x-forwarded-.*|x-real-ip)$/;

/** Set by the gateway on every request; the upstream is to see what the visitor sent. */
const GATEWAY_OWN = new Set(['x-amzn-trace-id', 'content-length']);

/**
 * The headers the upstream gets: the visitor's, less those of the hop, plus `X-Forwarded-*` that no visitor can forge.
 * @param prefix what was taken off the path, empty for none
 */
export function requestHeaders(request: VisitorRequest, prefix: string, address: PublicAddress): HeaderPair[] {
  const kept = endToEnd(request.headers).filter(([name]) => {
    const key = name.toLowerCase();
    return !FORWARDED.test(key) && !GATEWAY_OWN.has(key);
  });
  kept.push(
    ['x-forwarded-for', request.sourceIp],
    ['x-forwarded-proto', address.publicUrl.startsWith('https:') ? 'https' : 'http'],
    ['x-forwarded-host', request.host],
  );
  if (prefix) kept.push(['x-forwarded-prefix', prefix]);
  return kept;
}

/** The headers the visitor gets: the upstream's, less those of the hop and the length, which the gateway counts anew (HR-11). */
export function responseHeaders(headers: readonly HeaderPair[]): HeaderPair[] {
  return endToEnd(headers).filter(([name]) => name.toLowerCase() !== 'content-length');
}
