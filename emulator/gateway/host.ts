import { isIP } from 'node:net';
import type { DomainMapping } from '../stack/stack.ts';
import { wildcardMatches } from '../stack/wildcard.ts';

const LOOPBACK_NAMES = new Set(['', 'localhost', '127.0.0.1', '[::1]']);
const MAPPED_IPV4 = '::ffff:';

/**
 * The `domainName` an event shows: the name the client asked for, as with a custom domain; a loopback name stands for
 * the API's own, so that `https://{domainName}/{stage}` built from an event means this API.
 */
export function domainNameOf(host: string | undefined, apiDomain: string): string {
  const name = withoutPort(host ?? '').toLowerCase();
  return LOOPBACK_NAMES.has(name) ? apiDomain : name;
}

/** A peer's address as an event shows it; IPv4 seen through an IPv6 socket is IPv4. */
export function sourceIpOf(remoteAddress: string | undefined): string {
  const address = remoteAddress ?? '';
  return address.startsWith(MAPPED_IPV4) ? address.slice(MAPPED_IPV4.length) : address;
}

function withoutPort(host: string): string {
  const colon = host.indexOf(':', host.startsWith('[') ? host.indexOf(']') : 0);
  return colon < 0 ? host : host.slice(0, colon);
}

/** Addresses, and names that always mean this machine: they can be nobody's custom domain. */
export function isThisMachine(name: string): boolean {
  return name.endsWith('.localhost') || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

/** The mappings of a host name: those that say it in full, else those with a wildcard that stands for its first label. */
export function mappingsOf(name: string, mappings: readonly DomainMapping[]): readonly DomainMapping[] {
  const exact = mappings.filter(({ domainName }) => domainName.toLowerCase() === name);
  return exact.length > 0 ? exact : mappings.filter(({ domainName }) => isWildcardFor(domainName, name));
}

/** `*.example.com` stands for one label in front of `example.com`. */
function isWildcardFor(pattern: string, name: string): boolean {
  return (
    pattern.startsWith('*.') &&
    wildcardMatches(pattern.toLowerCase(), name) &&
    pattern.split('.').length === name.split('.').length
  );
}
