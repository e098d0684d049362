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
  if (thrown instanceof Error) {
    return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
  }
  return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}
