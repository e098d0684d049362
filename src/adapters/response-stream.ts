import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { StreamedResponse, VisitorResponse } from '../tunnel/ports.ts';
import { resultHead } from './http-api-result.ts';

/** What Lambda's runtime for Node puts there for functions that stream. @see LA-12 */
interface StreamingRuntime {
  streamifyResponse<Event, Context>(
    handler: (event: Event, stream: Writable, context: Context) => Promise<void>,
  ): (event: Event, context: Context) => Promise<unknown>;
  readonly HttpResponseStream: { from(stream: Writable, head: object): Writable };
}

/** @throws outside of Lambda, where there is no such runtime */
export function streamingRuntime(): StreamingRuntime {
  const { awslambda } = globalThis as { readonly awslambda?: StreamingRuntime };
  if (!awslambda) throw new Error('this function streams its responses, which only a Lambda runtime can');
  return awslambda;
}

/**
 * Gives a response back as it comes, no faster than it is taken.
 * @throws where the answer breaks off; the visitor's body then ends without its end
 */
export async function streamResponse(
  response: VisitorResponse | StreamedResponse,
  stream: Writable,
  { HttpResponseStream }: Pick<StreamingRuntime, 'HttpResponseStream'>,
): Promise<void> {
  const out = HttpResponseStream.from(stream, resultHead(response.status, response.headers));
  const gone = once(out, 'close');
  if ('body' in response) {
    // The head leaves with the first byte, so there has to be one write.
    out.write(response.body);
  } else {
    out.write('');
    for await (const bytes of response.stream) {
      if (out.destroyed) return;
      if (!out.write(bytes)) await Promise.race([once(out, 'drain'), gone]);
    }
  }
  const finished = once(out, 'finish');
  out.end();
  await Promise.race([finished, gone]);
}
