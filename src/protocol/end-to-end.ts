import type { HeaderPair } from './messages.ts';

/** Headers of one connection alone and not of the message: RFC 9110 7.6.1, and what RFC 2616 listed. */
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

/**
 * Drops what has no meaning beyond its hop, and what a `Connection` header names; order and repeats stay. A repeated name
 * takes its first spelling: the wire and events group values by name, which would part one in two spellings and so lose
 * the order of its values (RFC 9110 5.3).
 */
export function endToEnd(headers: readonly HeaderPair[]): HeaderPair[] {
  const named = new Set<string>();
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'connection') continue;
    for (const option of value.split(',')) named.add(option.trim().toLowerCase());
  }
  const spellings = new Map<string, string>();
  const kept: HeaderPair[] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key) || named.has(key)) continue;
    const spelling = spellings.get(key) ?? name;
    spellings.set(key, spelling);
    kept.push([spelling, value]);
  }
  return kept;
}
