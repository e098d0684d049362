import type { HeaderPair } from '../src/protocol/messages.ts';

/** A visitor's request as the upstream shall see it. */
export interface ForwardRequest {
  readonly method: string;
  /** Path and `?query`, byte for byte as the visitor wrote them; starts with `/`. */
  readonly uri: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
}

/** Why the upstream gave no answer. */
type ForwardFailureCode = 'upstream_unreachable' | 'upstream_failed' | 'invalid_request';

export type ForwardResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: readonly HeaderPair[];
      /** To be read once. Throws when the upstream fails in mid-answer; leaving it early aborts the upstream. */
      readonly body: AsyncIterable<Uint8Array>;
    }
  | { readonly kind: 'failed'; readonly code: ForwardFailureCode; readonly message: string };

/**
 * The one thing the session knows of what stands behind it.
 * @param signal ends the request, also in mid-answer; the result or the body's iteration then settles soon
 */
export type Forward = (request: ForwardRequest, signal: AbortSignal) => Promise<ForwardResult>;
