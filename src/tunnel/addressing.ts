import { isTunnelId } from '../protocol/ids.ts';
import type { PublicAddress, VisitorRequest } from './ports.ts';

/** Where a visitor's URL leads. */
export type Address =
  | {
      readonly kind: 'tunnel';
      readonly tunnelId: string;
      /** What the upstream is asked for: path and `?query`. */
      readonly uri: string;
      /** What was taken off the path: `/abc123def456`, or empty where the tunnel id is in the host name. */
      readonly prefix: string;
    }
  | { readonly kind: 'connection-status'; readonly connectionId: string }
  | { readonly kind: 'tunnel-status'; readonly tunnelId: string }
  | { readonly kind: 'nowhere' };

/**
 * Finds the tunnel in the host name (`<tunnel id>.<wildcard domain>`), else in the path's first segment.
 *
 * The rest of the path goes on as it is: `/id` and `/id/` become `/`, `/id//x` becomes `//x`, escapes stay escapes.
 */
export function addressOf(
  { host, path, query }: Pick<VisitorRequest, 'host' | 'path' | 'query'>,
  { publicUrl, wildcardDomain }: PublicAddress,
): Address {
  const search = query === '' ? '' : `?${query}`;
  const name = hostName(host);
  // The public URL's own host may lie below the wildcard domain; there the path tells.
  const label = wildcardDomain && name !== new URL(publicUrl).hostname && subdomainOf(name, wildcardDomain);
  if (label) {
    if (!isTunnelId(label)) return { kind: 'nowhere' };
    return { kind: 'tunnel', tunnelId: label, uri: (path || '/') + search, prefix: '' };
  }
  const status = /^\/_status\/(tunnel\/)?([^/]+)\/?$/.exec(path);
  if (status?.[2]) {
    const id = decoded(status[2]);
    if (!status[1]) return { kind: 'connection-status', connectionId: id };
    return isTunnelId(id) ? { kind: 'tunnel-status', tunnelId: id } : { kind: 'nowhere' };
  }
  const slash = path.indexOf('/', 1);
  const tunnelId = slash === -1 ? path.slice(1) : path.slice(1, slash);
  if (!path.startsWith('/') || !isTunnelId(tunnelId)) return { kind: 'nowhere' };
  const rest = slash === -1 ? '/' : path.slice(slash);
  return { kind: 'tunnel', tunnelId, uri: rest + search, prefix: `/${tunnelId}` };
}

/** Where visitors reach a tunnel: by path always, by subdomain where there is a wildcard domain, by the door that streams. */
export interface TunnelUrls {
  readonly publicUrl: string;
  readonly subdomainUrl?: string;
  readonly streamingUrl?: string;
}

export function tunnelUrls(address: PublicAddress, tunnelId: string): TunnelUrls {
  const subdomain = subdomainUrl(address, tunnelId);
  const { streamingUrl } = address;
  return {
    publicUrl: pathUrl(address, tunnelId),
    ...(subdomain && { subdomainUrl: subdomain }),
    ...(streamingUrl && { streamingUrl: `${streamingUrl}/${tunnelId}` }),
  };
}

/** `https://host/<tunnel id>` */
export function pathUrl({ publicUrl }: PublicAddress, tunnelId: string): string {
  return `${publicUrl}/${tunnelId}`;
}

/**
 * `https://<tunnel id>.<wildcard domain>`, with the public URL's scheme and port; undefined without a wildcard domain, and
 * for the one id whose host would be the public URL's own.
 */
export function subdomainUrl({ publicUrl, wildcardDomain }: PublicAddress, tunnelId: string): string | undefined {
  if (!wildcardDomain) return undefined;
  const { protocol, port, hostname } = new URL(publicUrl);
  const host = `${tunnelId}.${wildcardDomain.toLowerCase()}`;
  return host === hostname ? undefined : `${protocol}//${host}${port && `:${port}`}`;
}

/** Without a port or a dot at the end, in lower case. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** What stands before `.domain`; empty when the name is the domain itself or another one. */
function subdomainOf(name: string, domain: string): string {
  const suffix = `.${domain.toLowerCase()}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
