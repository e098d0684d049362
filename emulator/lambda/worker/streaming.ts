import { RuntimeError } from './handler-error.ts';

const REFUSAL =
  'The emulator does not stream responses (LA-12): awslambda.streamifyResponse is not there. ' +
  'Export a handler that returns its whole response, or test this function in AWS.';

/** Lambda's global `awslambda`, which refuses what it is for: a handler that wants to stream fails when it is loaded. */
export function refuseStreaming(): void {
  const refuse = () => {
    throw new RuntimeError('Runtime.StreamingNotEmulated', REFUSAL);
  };
  Object.assign(globalThis, { awslambda: { streamifyResponse: refuse, HttpResponseStream: { from: refuse } } });
}
