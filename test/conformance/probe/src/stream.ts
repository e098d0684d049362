interface Answer extends NodeJS.WritableStream {
  write(part: string): boolean;
}

declare const awslambda: {
  streamifyResponse(handler: (event: Event, answer: Answer) => Promise<void>): unknown;
  readonly HttpResponseStream: { from(answer: Answer, head: unknown): Answer };
};

interface Event {
  readonly rawPath: string;
}

const PAUSE_MS = 500;

/** Answers in two parts, half a second apart. `/fails` throws in the place of the second, `/fails-at-once` before the first. */
export const handler = awslambda.streamifyResponse(async ({ rawPath }, answer) => {
  if (rawPath === '/fails-at-once') throw new Error('asked for');
  const head = { statusCode: 202, headers: { 'content-type': 'text/event-stream' }, cookies: ['a=1', 'b=2'] };
  const parts = awslambda.HttpResponseStream.from(answer, head);
  parts.write('first');
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  if (rawPath === '/fails') throw new Error('asked for');
  parts.write('second');
  parts.end();
});
