import type { Forward } from '../forward.ts';
import type { HostHeader } from '../proxy/forwarded-headers.ts';
import type { Upstream } from '../proxy/upstream.ts';
import type { UpstreamAddress } from '../proxy/upstream-address.ts';

/** An upstream whose code is loaded beside the handshake's last steps instead of before them. */
export interface LazyUpstream {
  readonly forward: Forward;
  /** Begins loading; the first request does so too. */
  load(): void;
  close(): Promise<void>;
}

export function createLazyUpstream(address: UpstreamAddress, hostHeader: HostHeader): LazyUpstream {
  let loading: Promise<Upstream> | undefined;

  function load(): Promise<Upstream> {
    loading ??= import('../proxy/upstream.ts').then(({ createUpstream }) => createUpstream(address, hostHeader));
    return loading;
  }

  return {
    forward: async (request, signal) => (await load()).forward(request, signal),
    // Should it fail, the first request says so.
    load: () => void load().catch(() => {}),
    close: async () => (await loading)?.close(),
  };
}
