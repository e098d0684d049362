import type { ServerResponse } from 'node:http';
import type { Clock } from '../../stack/clock.ts';
import type { ResponseSink } from '../../stack/invoker.ts';
import { isSendableHeader } from '../function-result.ts';
import { type GatewayResponse, titleCase } from '../http/response.ts';
import type { Quotas } from '../quotas.ts';
import type { Switches } from '../switches.ts';
import { createBandwidth } from './bandwidth.ts';
import { createMetadataReader, headOf, METADATA_TYPE, UNTYPED } from './metadata.ts';
import { BROKEN } from './response.ts';

export interface StreamedAnswer {
  /** Where the function's answer goes. Once the client has left, or the answer was broken off, all that comes is let go. */
  readonly sink: ResponseSink;
  /** Whether the function began to stream; an answer of another kind may be written otherwise. */
  readonly opened: boolean;
  /** Only after it was opened, when nothing more will come. @param ended how the function did */
  end(ended: 'well' | 'badly'): StreamEnd;
}

export interface StreamEnd {
  /** What the client saw, or is to see. */
  readonly status: number;
  /** To be written by the caller, where nothing has been written yet. */
  readonly response?: GatewayResponse;
  /** What went wrong, for the log. */
  readonly fault?: string;
}

export interface StreamedAnswerOptions {
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly quotas: Pick<Quotas, 'streamBytes' | 'streamBurstBytes' | 'streamBytesPerSecond'>;
  readonly switches: Pick<Switches, 'stringStatusCode'>;
  /** The service's own headers, and those of CORS, laid over the function's. */
  finish(head: GatewayResponse): { readonly head: GatewayResponse; readonly own: Readonly<Record<string, string>> };
}

/**
 * Writes an answer as it comes: status and headers when they are known, each part when it is there, no faster than the client
 * reads and than Lambda's bandwidth allows. Answers without a body (HEAD, 204, 304) end with their head; what the function
 * writes then is let go.
 */
export function createStreamedAnswer(options: StreamedAnswerOptions): StreamedAnswer {
  const { response, clock, quotas, switches, finish } = options;
  const waitAfter = createBandwidth(clock, quotas);
  let opened = false;
  let status: number | undefined;
  /** While the metadata has not come to its end. */
  let readMetadata: ReturnType<typeof createMetadataReader> | undefined;
  let begun = false;
  let bytes = 0;
  let fault: string | undefined;

  function writeHead(given: GatewayResponse): void {
    const { head, own } = finish(given);
    status = head.status;
    if (response.destroyed) return;
    const lines: string[] = [];
    for (const [name, value] of head.headers) lines.push(titleCase(name), value);
    const hasBody = head.status !== 204 && head.status !== 304;
    // A client of HTTP/1.0 reads until the connection ends.
    if (hasBody && response.req.httpVersion !== '1.0') lines.push('Transfer-Encoding', 'chunked');
    lines.push('Connection', response.shouldKeepAlive ? 'keep-alive' : 'close', ...Object.entries(own).flat());
    response.writeHead(status, lines);
    // With no bytes rather than flushed: Node would write the head as UTF-8, which bends header values beyond ASCII.
    if (hasBody && response.req.method !== 'HEAD') response.write(Buffer.alloc(0));
    else response.end();
  }

  function breakOff(why: string): void {
    fault ??= why;
    // What is written already leaves first; the last chunk never comes, so the client knows.
    if (response.socket) response.socket.destroySoon();
    else response.destroy();
  }

  function writeBody(part: Uint8Array): Promise<void> | undefined {
    if (part.length === 0 || !isOpen()) return undefined;
    if (bytes + part.length > quotas.streamBytes) {
      breakOff(`the streamed answer is larger than ${quotas.streamBytes} bytes`);
      return undefined;
    }
    bytes += part.length;
    const isFree = response.write(part);
    const ms = waitAfter(part.length);
    return isFree && ms === 0 ? undefined : whenFree(isFree, ms);
  }

  function isOpen(): boolean {
    return fault === undefined && !response.writableEnded && !response.destroyed;
  }

  /** Resolves when the client has read enough and so many milliseconds have gone by, or when there is no client any more. */
  function whenFree(isFree: boolean, ms: number): Promise<void> {
    return new Promise((resolve) => {
      let waitsFor = (isFree ? 0 : 1) + (ms > 0 ? 1 : 0);
      const one = () => {
        if (--waitsFor === 0) done();
      };
      const cancel = ms > 0 ? clock.after(ms, one) : () => {};
      const done = () => {
        cancel();
        response.off('drain', one).off('close', done);
        resolve();
      };
      response.once('close', done);
      if (!isFree) response.once('drain', one);
    });
  }

  function readHead(part: Uint8Array): Promise<void> | undefined {
    const found = readMetadata?.(part);
    if (found === undefined || found.kind === 'incomplete') return undefined;
    readMetadata = undefined;
    if (found.kind === 'missing') {
      fault = 'its streamed answer does not begin with metadata, as its content type says';
      return undefined;
    }
    const head = headOf(found.text, switches);
    if (head.fault !== undefined) {
      fault = head.fault;
      return undefined;
    }
    writeHead(head);
    return writeBody(found.rest);
  }

  const sink: ResponseSink = {
    open(contentType) {
      opened = true;
      if (contentType === METADATA_TYPE) readMetadata = createMetadataReader();
      else if (!isSendableHeader('content-type', contentType)) fault = 'its content type cannot be sent';
      else writeHead(untyped(contentType));
    },
    write(part) {
      begun = true;
      return readMetadata === undefined ? writeBody(part) : readHead(part);
    },
  };

  return {
    sink,
    get opened() {
      return opened;
    },
    end(ended) {
      // Metadata goes out with the first write: an answer without any has none (middy#1189).
      if (readMetadata !== undefined && !begun && ended === 'well') writeHead(untyped(UNTYPED));
      if (status === undefined) {
        return { status: BROKEN.status, response: BROKEN, ...withFault(fault ?? NO_METADATA) };
      }
      if (ended === 'badly') breakOff('it failed after its answer had begun');
      else if (isOpen()) response.end();
      return { status, ...withFault(fault) };
    },
  };
}

const NO_METADATA = 'its streamed answer ended before its metadata did';

function untyped(contentType: string): GatewayResponse {
  return { status: 200, headers: [['content-type', contentType]], body: '' };
}

function withFault(fault: string | undefined): { fault?: string } {
  return fault === undefined ? {} : { fault };
}
