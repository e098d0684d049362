/** What the emulator and an environment's worker say to each other. */

/** Handed over when the worker is made (`workerData`). */
export interface WorkerSetup {
  readonly codeFolder: string;
  /** `path/to/file.export`. */
  readonly handler: string;
  readonly runtime: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Memory shared with the emulator, by which the worker is frozen and woken; absent: it never stands still. */
  readonly frozen?: Int32Array;
  readonly network: NetworkSetup;
  /** A folder whose packages hold the part of the AWS SDK that Lambda's runtime brings along. */
  readonly sdkFolder: string;
}

export interface NetworkSetup {
  /**
   * Host names in AWS, each with the local origin that answers for it: `https:` and `wss:` ones speak TLS. A name that
   * begins with `*.` stands for every one with one more label.
   */
  readonly origins: readonly (readonly [host: string, origin: string])[];
  /** Port on the loopback interface that accepts and never answers. */
  readonly silentPort: number;
  /** PEM: what TLS origins must show. */
  readonly certificate?: string;
}

export type EmulatorMessage =
  | ({ readonly kind: 'invoke' } & InvokeMessage)
  /** So many bytes of what was streamed have gone on: as many more may come. */
  | { readonly kind: 'taken'; readonly bytes: number };

export interface InvokeMessage {
  readonly requestId: string;
  /** What the function finds in `_X_AMZN_TRACE_ID`. */
  readonly traceId: string;
  /** The event as JSON text. */
  readonly payload: string;
  /** Milliseconds the invocation may take. */
  readonly timeoutMs: number;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: HandlerError }
  | { readonly kind: 'printed'; readonly level: PrintLevel; readonly text: string }
  /** The emulator's own remark on what the function does. */
  | { readonly kind: 'noted'; readonly behaviour: string; readonly text: string }
  | { readonly kind: 'returned'; readonly payload: string }
  /** The answer begins, and comes in parts. */
  | { readonly kind: 'stream-opened'; readonly contentType: string }
  | { readonly kind: 'stream-part'; readonly bytes: Uint8Array }
  /** All of it has gone on, and the handler is done. */
  | { readonly kind: 'streamed' }
  /** The result is longer than Lambda takes, and stays where it is. */
  | { readonly kind: 'returned-too-much' }
  | { readonly kind: 'threw'; readonly error: HandlerError }
  /** An error that nobody caught: Lambda's runtime ends itself after reporting it. */
  | { readonly kind: 'crashed'; readonly error: HandlerError }
  /** The function sent itself a signal, which would end this whole process here. */
  | { readonly kind: 'killed'; readonly signal: string };

export type PrintLevel = 'debug' | 'info' | 'warn' | 'error';

/** As Lambda's Node.js runtime reports an error. */
export interface HandlerError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}
