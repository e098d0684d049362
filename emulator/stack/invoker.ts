/** Runs functions. The gateway calls it; `emulator/lambda` implements it; tests hand in a plain function. */
export interface Invoker {
  /**
   * Invokes synchronously (`RequestResponse`).
   * @param functionArn as in the stack
   * @param payload the event as JSON text
   */
  invoke(functionArn: string, payload: string): Promise<InvokeResult>;
}

export type InvokeResult =
  /** The handler returned; `payload` is its result as JSON text (`null` for undefined). */
  | { readonly kind: 'returned'; readonly payload: string }
  /** The handler threw, timed out, exited or answered too much: Lambda's `FunctionError: Unhandled` (LA-03, LA-04, LA-07). */
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string }
  /** The event is larger than Lambda takes: 6 MB (LA-04, HA-23). */
  | { readonly kind: 'event-too-large' }
  /** No concurrency left: of the account, or of what the function has reserved (LA-06). */
  | { readonly kind: 'throttled'; readonly reason: 'account' | 'function' }
  /** No function of that ARN. */
  | { readonly kind: 'not-found' };
