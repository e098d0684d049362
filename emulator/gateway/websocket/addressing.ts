import { apiDomain, type DomainMapping, type WebSocketApi } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { percentDecode } from '../events/target.ts';
import { domainNameOf, isThisMachine, mappingsOf } from '../host.ts';

/** Where a request to the WebSocket API's port leads, by its host and path (WS-21, MG-01, MG-16). */
export type Address =
  | {
      readonly kind: 'stage';
      /** As events show it. */
      readonly domainName: string;
      /** True on a domain of one's own, where the stage is not in the URL. */
      readonly custom: boolean;
      /** The path after the stage or the mapping key: decoded segments, none for nothing but a slash. */
      readonly rest: readonly string[];
    }
  /** The host leads here, the path to no stage of it. */
  | { readonly kind: 'no-stage'; readonly why: string }
  /** Nobody has that host, or the API does not listen to it (HR-15). */
  | { readonly kind: 'no-host'; readonly why: string };

export type Addressing = (host: string | undefined, path: string) => Address;

/** Reads addresses of an API: its own host name with the stage in the path, and the domains that are mapped to it. */
export function createAddressing({ stack }: Pick<GatewayContext, 'stack'>, api: WebSocketApi): Addressing {
  const ownDomain = apiDomain(stack, api.apiId);
  const stage = api.stage.name;
  const mappings = stack.domains.filter((domain) => domain.apiId === api.apiId && domain.stage === stage);

  function onOwnDomain(segments: readonly string[]): Address {
    if (!api.defaultEndpoint) {
      return { kind: 'no-host', why: 'the default endpoint is disabled: only domains of your own lead to this API' };
    }
    const [first, ...rest] = segments;
    if (first === stage) return { kind: 'stage', domainName: ownDomain, custom: false, rest };
    return { kind: 'no-stage', why: `the path begins with no stage; the only one is /${stage}` };
  }

  function onMappedDomain(domainName: string, mapped: readonly DomainMapping[], segments: readonly string[]): Address {
    const fitting = mapped
      .map(({ mappingKey }) => segmentsOf(mappingKey))
      .filter((key) => key.every((segment, at) => segment === segments[at]))
      .sort((left, right) => right.length - left.length)[0];
    if (fitting) return { kind: 'stage', domainName, custom: true, rest: segments.slice(fitting.length) };
    const keys = mapped.map(({ mappingKey }) => `/${mappingKey}`).join(', ');
    return { kind: 'no-stage', why: `no mapping of ${domainName} begins the path; there are ${keys}` };
  }

  return (host, path) => {
    const name = domainNameOf(host, ownDomain);
    const segments = segmentsOf(path).map(percentDecode);
    if (name === ownDomain || isThisMachine(name)) return onOwnDomain(segments);
    const mapped = mappingsOf(name, mappings);
    if (mapped.length > 0) return onMappedDomain(name, mapped, segments);
    return { kind: 'no-host', why: `no API of this stack has the host ${name}; its own is ${ownDomain}` };
  };
}

/** The segments of a path without its first and last slash: `/dev/` is `dev`, `/` and the empty path are none. */
function segmentsOf(path: string): string[] {
  const inner = path.replace(/^\//, '').replace(/\/$/, '');
  return inner === '' ? [] : inner.split('/');
}
