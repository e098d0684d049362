import { encode } from '../protocol/codec.ts';
import { WINDOW_BYTES } from '../protocol/limits.ts';
import type { HttpRequest, RequestPart } from '../protocol/messages.ts';
import type { PostResult, PostToConnection } from './ports.ts';

/** A request on its way to an agent: as much of it as the agent has given credit for. */
export interface RequestPosting {
  /** All that the credit allows and has not been posted. */
  advance(): Promise<PostResult>;
  /** From the beginning, over this connection: an agent that has seen some of it recognises the rest. */
  restart(connectionId: string): Promise<PostResult>;
  /** The agent takes so many bytes of the body, from its beginning. */
  grant(bytes: number): void;
  /** What the request says from now on of where its answer is wanted. */
  answerTo(replyTo: string | undefined): void;
}

/** Eight at once keep a post's round trip busy without filling a slow agent's buffer (MG-12). */
const POSTS_AT_ONCE = 8;

/** @param deadline epoch milliseconds */
export function createRequestPosting(
  messages: readonly [HttpRequest, ...RequestPart[]],
  firstConnectionId: string,
  deadline: number,
  post: PostToConnection,
): RequestPosting {
  const [first, ...parts] = messages;
  let head = first;
  let connectionId = firstConnectionId;
  let credit = WINDOW_BYTES;
  let next = 0;
  let sentBytes = 0;

  async function advance(): Promise<PostResult> {
    for (let batch = allowed(); batch.length > 0; batch = allowed()) {
      const results = await Promise.all(batch.map((message) => post(connectionId, encode(message), deadline)));
      const failed = results.find((result) => result !== 'sent');
      if (failed) return failed;
      next += batch.length;
      sentBytes += bytesOf(batch);
    }
    return 'sent';
  }

  function allowed(): readonly (HttpRequest | RequestPart)[] {
    const batch = [head, ...parts].slice(next, next + POSTS_AT_ONCE);
    while (batch.length > 0 && sentBytes + bytesOf(batch) > credit) batch.pop();
    return batch;
  }

  return {
    advance,
    restart(other) {
      connectionId = other;
      next = 0;
      sentBytes = 0;
      return advance();
    },
    grant(bytes) {
      credit = Math.max(credit, bytes);
    },
    answerTo(replyTo) {
      const { replyTo: _, ...request } = head;
      head = { ...request, ...(replyTo !== undefined && { replyTo }) };
    },
  };
}

function bytesOf(messages: readonly (HttpRequest | RequestPart)[]): number {
  return messages.reduce((sum, { body }) => sum + body.length, 0);
}
