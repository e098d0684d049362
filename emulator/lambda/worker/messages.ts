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
  /** Host names of this stack's APIs in AWS, each with the local origin that answers for it. */
  readonly origins: readonly (readonly [host: string, origin: string])[];
}

export interface InvokeMessage {
  readonly requestId: string;
  /** The event as JSON text. */
  readonly payload: string;
  /** Milliseconds the invocation may take. */
  readonly timeoutMs: number;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: HandlerError }
  | { readonly kind: 'printed'; readonly level: PrintLevel; readonly text: string }
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'threw'; readonly error: HandlerError }
  /** An error that nobody caught: Lambda's runtime ends itself after reporting it. */
  | { readonly kind: 'crashed'; readonly error: HandlerError };

export type PrintLevel = 'debug' | 'info' | 'warn' | 'error';

/** As Lambda's Node.js runtime reports an error. */
export interface HandlerError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}
