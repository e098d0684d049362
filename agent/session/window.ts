/** How much of a body may be under way: the receiver says so, the sender waits. */
export interface Window {
  /** Counted from the body's beginning; what is less than before says nothing. */
  grant(bytes: number): void;
  /** Settles as soon as `bytes` from the body's beginning are granted. @throws when aborted before */
  reached(bytes: number, signal: AbortSignal): Promise<void>;
}

export function createWindow(initialBytes: number): Window {
  let granted = initialBytes;
  let wake = () => {};
  return {
    grant(bytes) {
      granted = Math.max(granted, bytes);
      wake();
    },
    async reached(bytes, signal) {
      while (granted < bytes) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', wake, { once: true });
        });
        signal.removeEventListener('abort', wake);
      }
    },
  };
}
