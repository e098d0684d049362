import { createHash } from 'node:crypto';
import { WINDOW_BYTES } from '../../src/protocol/limits.ts';
import type { HttpRequest, RequestPart } from '../../src/protocol/messages.ts';
import { createPartJoiner, type JoinResult, type PartJoiner } from '../../src/protocol/parts.ts';
import type { Clock } from './clock.ts';

export type Joined =
  /** `grantedBytes`: the edge has been told of less, and may go on. */
  | { readonly kind: 'waiting'; readonly requestId: string; readonly grantedBytes?: number }
  | { readonly kind: 'whole'; readonly request: HttpRequest }
  /** It can never be whole. */
  | { readonly kind: 'hopeless'; readonly requestId: string; readonly why: string };

/** Joins requests whose head and parts come in any order, at least once; a part may come before its head (WS-44, 45). */
export interface RequestJoiner {
  head(message: HttpRequest): Joined;
  part(message: RequestPart): Joined;
  /** Ids of what is here in part. */
  incomplete(): readonly string[];
  /** The request is wanted no more. */
  forget(requestId: string): void;
  close(): void;
}

export interface JoinerLimits {
  /** The largest body of one request: more than any door lets in. */
  readonly requestBytes: number;
  /** Bytes held for all requests that are not whole yet. */
  readonly heldBytes: number;
  readonly requests: number;
  /** How long a request may stay incomplete, at least: its door has given up by then, or has said that it waits longer. */
  readonly ms: number;
}

/** More than any door lets in. */
export const LARGEST_REQUEST_BYTES = 16_000_000;

const LIMITS: JoinerLimits = { requestBytes: LARGEST_REQUEST_BYTES, heldBytes: 64_000_000, requests: 200, ms: 30_000 };

interface Incomplete {
  readonly joiner: PartJoiner;
  forgetLater: () => void;
  head: HttpRequest | undefined;
  /** What the edge may have sent, as far as it knows. */
  grantedBytes: number;
  /** As received, duplicates included. */
  bytes: number;
}

export function createRequestJoiner(clock: Clock, limits = LIMITS): RequestJoiner {
  const incomplete = new Map<string, Incomplete>();
  let heldBytes = 0;

  function forget(requestId: string): void {
    const entry = incomplete.get(requestId);
    if (!entry) return;
    entry.forgetLater();
    heldBytes -= entry.bytes;
    incomplete.delete(requestId);
  }

  function entryOf(requestId: string): Incomplete {
    const known = incomplete.get(requestId);
    if (known) return known;
    const entry: Incomplete = {
      joiner: createPartJoiner(limits.requestBytes, sha256),
      forgetLater: clock.after(limits.ms, () => forget(requestId)),
      head: undefined,
      grantedBytes: WINDOW_BYTES,
      bytes: 0,
    };
    incomplete.set(requestId, entry);
    return entry;
  }

  function waitAsLongAs({ requestId, timeoutMs = 0 }: HttpRequest, entry: Incomplete): void {
    if (timeoutMs <= limits.ms) return;
    entry.forgetLater();
    entry.forgetLater = clock.after(timeoutMs, () => forget(requestId));
  }

  function conclude({ requestId, type }: HttpRequest | RequestPart, entry: Incomplete, result: JoinResult): Joined {
    switch (result.kind) {
      case 'incomplete':
        return { kind: 'waiting', requestId, ...grant(entry, type === 'http_request') };
      case 'complete':
        // Only the head carries part 0, so a complete body has its head.
        if (!entry.head) throw new Error('a body is whole without its head');
        forget(requestId);
        return { kind: 'whole', request: { ...entry.head, body: result.body, more: false } };
      case 'too-large':
        forget(requestId);
        return { kind: 'hopeless', requestId, why: `its body is larger than ${limits.requestBytes} bytes` };
      case 'broken':
        forget(requestId);
        return { kind: 'hopeless', requestId, why: `its parts do not fit together: ${result.problem}` };
    }
  }

  /**
   * Half a window before it is used up, so that the sender need not stand still; and once more with a head, which is how an edge
   * begins anew that has lost a credit.
   */
  function grant(entry: Incomplete, isHead: boolean): { grantedBytes?: number } {
    const bytes = entry.joiner.contiguousBytes();
    const nearlyUsed = bytes + WINDOW_BYTES / 2 >= entry.grantedBytes;
    if (nearlyUsed) entry.grantedBytes = bytes + WINDOW_BYTES;
    return nearlyUsed || (isHead && entry.grantedBytes > WINDOW_BYTES) ? { grantedBytes: entry.grantedBytes } : {};
  }

  function add(message: HttpRequest | RequestPart): Joined {
    const { requestId } = message;
    const crowded = !incomplete.has(requestId) && incomplete.size >= limits.requests;
    if (crowded || heldBytes + message.body.length > limits.heldBytes) {
      forget(requestId);
      return { kind: 'hopeless', requestId, why: 'too many requests are incomplete at once' };
    }
    const entry = entryOf(requestId);
    entry.bytes += message.body.length;
    heldBytes += message.body.length;
    if (message.type === 'http_request') {
      entry.head ??= message;
      waitAsLongAs(message, entry);
    }
    const slice = message.type === 'http_request' ? { part: 0, body: message.body } : message;
    return conclude(message, entry, entry.joiner.add(slice));
  }

  return {
    head: (message) => (message.more ? add(message) : { kind: 'whole', request: message }),
    part: add,
    incomplete: () => [...incomplete.keys()],
    forget,
    close() {
      for (const requestId of [...incomplete.keys()]) forget(requestId);
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
