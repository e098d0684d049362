import type { ResponseSink } from '../stack/invoker.ts';
import { MOST_RESPONSE_BYTES } from './limits.ts';

export interface Collector extends ResponseSink {
  /** All of it as UTF-8 text, empty where nothing was streamed; undefined where it is more than Lambda gives back. */
  collected(): string | undefined;
}

/**
 * What a streaming handler answers to who does not take streams (`Invoke`, an API, a buffered URL): the whole, just as it was
 * streamed, its metadata included (LA-12). Lambda's own limit holds (LA-04).
 * @see https://github.com/aws/aws-lambda-web-adapter/issues/476 for the metadata
 */
export function createCollector(): Collector {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    open() {},
    write(part) {
      bytes += part.length;
      if (bytes <= MOST_RESPONSE_BYTES) parts.push(part);
      else parts = [];
      return undefined;
    },
    collected: () => (bytes > MOST_RESPONSE_BYTES ? undefined : Buffer.concat(parts).toString()),
  };
}

/** A sink that knows how much has gone into it. */
export function createCounter(sink: ResponseSink): ResponseSink & { readonly streamedBytes: number } {
  let streamedBytes = 0;
  return {
    open: (contentType) => sink.open(contentType),
    write(part) {
      streamedBytes += part.length;
      return sink.write(part);
    },
    get streamedBytes() {
      return streamedBytes;
    },
  };
}
