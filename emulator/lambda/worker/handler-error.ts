import type { HandlerError } from './messages.ts';

/** An error of the runtime itself, whose name is not that of its class: `Runtime.HandlerNotFound` and the like. */
export class RuntimeError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Whatever was thrown, as Lambda's runtime reports it. */
export function asHandlerError(thrown: unknown): HandlerError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: textOf(() => thrown), trace: [] };
  return {
    errorType: textOf(() => thrown.name),
    errorMessage: textOf(() => thrown.message),
    trace: textOf(() => thrown.stack ?? '').split('\n'),
  };
}

/** Text of anything at all, also of what throws when it is looked at. */
export function textOf(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    return 'Unknown';
  }
}
