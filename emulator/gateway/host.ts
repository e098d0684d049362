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
