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
type ForwardFailureCode = 'upstream_unreachable' | 'agent_leaving' | 'upstream_failed' | 'invalid_request';

export type ForwardResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: readonly HeaderPair[];
      /** To be read once. Throws when the upstream fails in mid-answer; leaving it early aborts the upstream. */
      readonly body: AsyncIterable<Uint8Array>;
      /**
       * The whole body, where it has come already and is not longer: then it is read, and `body` is not to be. A small answer comes
       * so, and needs no iteration.
       */
      readonly whole?: (limitBytes: number) => Uint8Array | undefined;
    }
  | { readonly kind: 'failed'; readonly code: ForwardFailureCode; readonly message: string };

/**
 * The one thing the session knows of what stands behind it.
 * @param signal ends the request, also in mid-answer; the result or the body's iteration then settles soon
 */
export type Forward = (request: ForwardRequest, signal: AbortSignal) => Promise<ForwardResult>;

export interface UploadedBody {
  /** To be read once, to its end or not at all; left early where the upload fails. */
  readonly body: AsyncIterable<Uint8Array>;
  /** What the upstream announced, in bytes; without it the body goes to the disk first, as a place must know its length. */
  readonly contentLength?: number;
  /** The upstream's own; the place keeps those that say what the body is, and for how long it is good. */
  readonly headers: readonly HeaderPair[];
}

export type UploadResult =
  | { readonly kind: 'stored'; readonly bytes: number }
  /** `body`: its iteration failed, or it was not as long as announced. `place`: the URL, or what answers there. */
  | { readonly kind: 'failed'; readonly at: 'body' | 'place'; readonly message: string }
  | { readonly kind: 'too-large'; readonly message: string };

/** @param signal ends the upload; the result is then a failure, and the place keeps nothing */
export type Upload = (url: string, body: UploadedBody, signal: AbortSignal) => Promise<UploadResult>;
