import type { HeaderPair } from '../../src/protocol/messages.ts';

/** What the upstream gets as `host`: the visitor's own, the upstream's authority, or a text. */
export type HostHeader =
  | { readonly kind: 'preserve' }
  | { readonly kind: 'rewrite' }
  | { readonly kind: 'fixed'; readonly value: string };

/**
 * What concerns one connection and not the message (RFC 9110, 7.6.1, and RFC 2616's list). The connections on either
 * side of the agent are others, so none of these has a meaning beyond it.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Drops hop-by-hop headers and those that `connection` names; order and repeats stay. */
export function endToEnd(headers: readonly HeaderPair[]): HeaderPair[] {
  const named = new Set<string>();
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  return headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()));
}

/**
 * A visitor's headers as the upstream gets them. Beside the hop-by-hop ones three are replaced knowingly: `host` as
 * asked for; `content-length`, which undici writes from the body at hand; `expect`, which the door has long answered.
 */
export function requestHeaders(headers: readonly HeaderPair[], host: HostHeader, authority: string): HeaderPair[] {
  const kept = endToEnd(headers).filter(([name]) => !REPLACED.has(name.toLowerCase()));
  const sent = headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  return [['host', hostValue(host, sent, authority)], ...kept];
}

const REPLACED: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

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
