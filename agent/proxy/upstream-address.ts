/** What answers locally: one origin, whatever the path. */
export interface UpstreamAddress {
  readonly protocol: 'http:' | 'https:';
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** For people and for the `host` header: `localhost:3000`, without a default port. */
  readonly authority: string;
}

export type ParsedUpstream =
  | { readonly kind: 'address'; readonly address: UpstreamAddress }
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Reads `3000`, `host:port` or a URL. A path is refused: the upstream sees what the visitor asked for, unchanged, and a
 * prefix would break every absolute link in the answers.
 */
export function parseUpstream(text: string): ParsedUpstream {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return fromUrl(`http://localhost:${trimmed}`, text);
  if (/^https?:\/\//i.test(trimmed)) return fromUrl(trimmed, text);
  if (trimmed.includes('://')) return invalid(text, 'only http:// and https:// upstreams are known');
  if (!/:\d+$/.test(trimmed)) return invalid(text, 'the port is missing');
  return fromUrl(`http://${trimmed}`, text);
}

function fromUrl(href: string, text: string): ParsedUpstream {
  if (!URL.canParse(href)) return invalid(text, 'it is no port, host:port or URL');
  const url = new URL(href);
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') return invalid(text, 'it is no port, host:port or URL');
  if (url.username || url.password) return invalid(text, 'credentials in it are not sent to the upstream');
  if (url.pathname !== '/' || url.search || url.hash) return invalid(text, 'it may not have a path or query');
  const port = Number(url.port || (protocol === 'https:' ? 443 : 80));
  if (port === 0) return invalid(text, 'no program listens on port 0');
  return {
    kind: 'address',
    address: { protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port, authority: url.host },
  };
}

function invalid(text: string, reason: string): ParsedUpstream {
  return { kind: 'invalid', problem: `"${text}" is not an upstream: ${reason}` };
}

/** True where nobody can stand between the agent and the upstream. */
export function isLoopback({ hostname }: UpstreamAddress): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '::1' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
