import { createHash, type Hash } from 'node:crypto';
import type { HttpResponse, ResponsePart } from '../../src/protocol/messages.ts';
import { roomBeside } from '../../src/protocol/parts.ts';
import { roomInPart } from './reply-addresses.ts';
import { type CutBody, sliceBody } from './slices.ts';

export interface AnswerPart {
  readonly message: HttpResponse | ResponsePart;
  /** 0 is the head. */
  readonly part: number;
  /** Bytes of body in it. */
  readonly size: number;
}

/** An answer as messages, made as its body comes; the last one tells the whole body's length and hash. */
export async function* splitAnswer(
  head: HttpResponse,
  body: AsyncIterable<Uint8Array>,
  signature: { readonly sessionId?: string },
  cut: CutBody = sliceBody,
): AsyncGenerator<AnswerPart> {
  const { requestId } = head;
  /** An answer of one message needs none. */
  let hash: Hash | undefined;
  let part = 0;
  let totalBytes = 0;
  for await (const { bytes, last } of cut(body, roomBeside(head), roomInPart(head))) {
    totalBytes += bytes.length;
    if (!last || hash) hash = (hash ?? createHash('sha256')).update(bytes);
    const whole = last && hash && { totalBytes, sha256: hash.digest('base64url') };
    const message: HttpResponse | ResponsePart =
      part === 0
        ? { ...head, body: bytes, more: !last }
        : { type: 'response_part', requestId, part, body: bytes, ...whole, ...signature };
    yield { message, part, size: bytes.length };
    part += 1;
  }
}
