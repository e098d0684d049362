import type { Duplex } from 'node:stream';

/** A WebSocket frame as it went over the wire (RFC 6455, 5.2). */
export interface Frame {
  readonly fin: boolean;
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Cuts what a server sends, which is never masked, into frames. */
export function createFrameReader(socket: Duplex, head: Buffer): { next(): Promise<Frame>; unread(): number } {
  let bytes = Buffer.from(head);
  const frames: Frame[] = [];
  const waiting: ((frame: Frame) => void)[] = [];

  function take(slice: Buffer): void {
    bytes = Buffer.concat([bytes, slice]);
    for (let frame = cut(); frame !== undefined; frame = cut()) {
      const next = waiting.shift();
      if (next) next(frame);
      else frames.push(frame);
    }
  }

  function cut(): Frame | undefined {
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < start) return undefined;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + length) return undefined;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    bytes = bytes.subarray(start + length);
    return { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }

  socket.on('error', () => {});
  socket.on('data', take);
  take(Buffer.alloc(0));
  return {
    next() {
      const frame = frames.shift();
      return frame ? Promise.resolve(frame) : new Promise((resolve) => waiting.push(resolve));
    },
    unread: () => bytes.length + frames.length,
  };
}
