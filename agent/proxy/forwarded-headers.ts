import { endToEnd } from '../../src/protocol/end-to-end.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';

/** What the upstream gets as `host`: the visitor's own, the upstream's authority, or a text. */
export type HostHeader =
  | { readonly kind: 'preserve' }
  | { readonly kind: 'rewrite' }
  | { readonly kind: 'fixed'; readonly value: string };

/**
 * A visitor's headers as the upstream gets them. Beside the hop-by-hop ones three are replaced knowingly: `host` as
 * asked for; `content-length`, which is told of the body at hand; `expect`, which the door has long answered.
 * A value holds a character for each byte; one with other characters was decoded on its way, and is made UTF-8 again.
 */
export function requestHeaders(headers: readonly HeaderPair[], host: HostHeader, authority: string): HeaderPair[] {
  const sent = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const lines: HeaderPair[] = [['host', hostValue(host, sent, authority)]];
  for (const [name, value] of endToEnd(headers)) {
    if (!REPLACED.has(name.toLowerCase())) lines.push([name, asBytes(value)]);
  }
  return lines;
}

const REPLACED: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

function asBytes(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value;
}

function hostValue(host: HostHeader, sent: string | undefined, authority: string): string {
  switch (host.kind) {
    case 'preserve':
      return sent ?? authority;
    case 'rewrite':
      return authority;
    case 'fixed':
      return host.value;
  }
}
