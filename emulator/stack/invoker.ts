/** Runs functions. The gateway calls it; `emulator/lambda` implements it; tests hand in a plain function. */
export interface Invoker {
  /**
   * Invokes synchronously (`RequestResponse`).
   * @param functionArn as in the stack
   * @param payload the event as JSON text
   */
  invoke(functionArn: string, payload: string, options?: InvokeOptions): Promise<InvokeResult>;
}

export interface InvokeOptions {
  /** The event's, where it has one already: an event that is tried again keeps it (LA-05). */
  readonly requestId?: string;
  /** An X-Ray header, `Root=1-…`, whose root and sampling the invocation takes over; each has a parent of its own. */
  readonly traceId?: string;
  /**
   * Where a streaming handler's answer goes as it comes (`InvokeWithResponseStream`, LA-12); the payload is empty then. A
   * handler that does not stream has its payload as ever, and opens nothing. Without this the whole answer is collected.
   */
  readonly sink?: ResponseSink;
}

/** Takes a streamed answer, in order. It neither throws nor rejects: who has no more use for the bytes lets them go. */
export interface ResponseSink {
  /** The answer begins: comes once, before any bytes, and not at all where a function fails before it. */
  open(contentType: string): void;
  /** @returns nothing where more may come at once, else a promise of the moment from which it may */
  write(bytes: Uint8Array): Promise<void> | undefined;
}

/** What one invocation was and took. All times in milliseconds. */
export interface InvocationRecord {
  readonly functionName: string;
  readonly functionArn: string;
  readonly requestId: string;
  /** As the function has it in `_X_AMZN_TRACE_ID`, and as the AWS SDK sends it on in `X-Amzn-Trace-Id`. */
  readonly traceId: string;
  readonly memoryMb: number;
  /** Until an environment took the event; what starting one took is in it. */
  readonly queuedMs: number;
  /** Where the event was the first of its environment. */
  readonly initMs?: number;
  readonly durationMs: number;
  /** A whole number: duration and initialisation, rounded up (LA-10). */
  readonly billedMs: number;
  /** Of an answer that went into a sink: AWS bills those beyond the first 6 MB (LA-12). */
  readonly streamedBytes?: number;
}

export type InvokeResult =
  /**
   * The handler returned; `payload` is its result as JSON text (`null` for undefined), or all that it streamed, as text,
   * with the metadata that it may begin with.
   */
  | { readonly kind: 'returned'; readonly payload: string }
  /** The handler threw, timed out, exited or answered too much: Lambda's `FunctionError: Unhandled` (LA-03, LA-04, LA-07). */
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string }
  /** The event is larger than Lambda takes: 6 MB (LA-04, HA-23). */
  | { readonly kind: 'event-too-large' }
  /** No concurrency left: of the account, or of what the function has reserved (LA-06). */
  | { readonly kind: 'throttled'; readonly reason: 'account' | 'function' }
  /** No function of that ARN. */
  | { readonly kind: 'not-found' };
