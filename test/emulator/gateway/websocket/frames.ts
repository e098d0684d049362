/** What a frame says in its header; the rest is a payload of a size, or these very bytes. */
export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
}

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;

/** One frame as it goes over the wire, its mask all zero (RFC 6455, 5.2). */
export function frame(payload: number | string | Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = TEXT, fin = true, masked = true, reserved = 0 } = options;
  const bytes = typeof payload === 'number' ? Buffer.alloc(payload, 'x') : Buffer.from(payload);
  const { length } = bytes;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const extended = Buffer.alloc(short < 126 ? 0 : short === 126 ? 2 : 8);
  if (short === 126) extended.writeUInt16BE(length);
  if (short === 127) extended.writeBigUInt64BE(BigInt(length));
  const start = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode, (masked ? 0x80 : 0) | short]);
  return Buffer.concat([start, extended, Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** The same bytes in slices: the sizes of `cuts` in turn, again and again. */
export function slices(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const step = cuts[turn % cuts.length] ?? 1;
    parts.push(bytes.subarray(at, at + step));
    at += step;
  }
  return parts;
}
