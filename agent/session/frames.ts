import { SENT_FRAME_BYTES } from '../../src/protocol/limits.ts';

export interface Frame {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/**
 * Cuts a text into UTF-8 frames that the gateway accepts, at least one. No character is torn, so that a receiver that
 * checks each frame by itself is content too.
 * @see WS-41
 */
export function splitFrames(text: string, frameBytes = SENT_FRAME_BYTES): Frame[] {
  const bytes = Buffer.from(text);
  const frames: Frame[] = [];
  let start = 0;
  while (bytes.length - start > frameBytes) {
    const end = characterStart(bytes, start + frameBytes);
    frames.push({ bytes: bytes.subarray(start, end), last: false });
    start = end;
  }
  frames.push({ bytes: bytes.subarray(start), last: true });
  return frames;
}

/** Steps back over continuation bytes (`10xxxxxx`), of which UTF-8 has three in a row at most. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
