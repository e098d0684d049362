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
  { wildcardDomain }: PublicAddress,
): Address {
  const search = query === '' ? '' : `?${query}`;
  const label = wildcardDomain && subdomainOf(host, wildcardDomain);
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

/** `https://host/<tunnel id>` */
export function pathUrl({ publicUrl }: PublicAddress, tunnelId: string): string {
  return `${publicUrl}/${tunnelId}`;
}

/** `https://<tunnel id>.<wildcard domain>`, with the public URL's scheme and port; undefined without a wildcard domain. */
export function subdomainUrl({ publicUrl, wildcardDomain }: PublicAddress, tunnelId: string): string | undefined {
  if (!wildcardDomain) return undefined;
  const { protocol, port } = new URL(publicUrl);
  return `${protocol}//${tunnelId}.${wildcardDomain}${port && `:${port}`}`;
}

/** What stands before `.domain`, in lower case; empty when the host is the domain itself or another one. */
function subdomainOf(host: string, domain: string): string {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
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
