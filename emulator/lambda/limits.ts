/** Bytes of the event of a synchronous invocation (LA-04). */
export const MOST_EVENT_BYTES = 6 * 1024 * 1024;

/** Bytes of the event of an asynchronous invocation (LA-04). */
export const MOST_ASYNC_EVENT_BYTES = 1024 * 1024;

/** Bytes of a response as JSON text, base64 and escapes included (LA-04, HR-07). */
export const MOST_RESPONSE_BYTES = 6_291_556;

/** Longest an environment may take to load its handler before any event is under way (LA-10), in milliseconds. */
export const INIT_LIMIT_MS = 10_000;

/** Invocations under way at once in an account and Region (LA-06). */
export const ACCOUNT_CONCURRENCY = 1_000;

/** Whether a text is more than so many bytes as UTF-8. A UTF-16 code unit is three at most, so that hardly a text has to be counted. */
export function isLongerThan(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}
