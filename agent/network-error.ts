/** An error's code (`ECONNREFUSED`, `UND_ERR_SOCKET`), also where it hides in a cause; empty when there is none. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? errorCode(error.cause) : '';
}

/** One line for a person. Where several addresses were tried, Node's own message is empty: the first one's is taken. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.message || errorCode(error) || error.name;
}
