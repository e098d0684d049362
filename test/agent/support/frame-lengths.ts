/** Reads the payload lengths of a client's WebSocket frames from the bytes after the upgrade, in any cut. */
export function createFrameReader(): { read(bytes: Uint8Array): void; readonly lengths: readonly number[] } {
  const lengths: number[] = [];
  let held = Buffer.alloc(0);
  return {
    lengths,
    read(bytes) {
      held = Buffer.concat([held, bytes]);
      for (let frame = readFrame(held); frame; frame = readFrame(held)) {
        lengths.push(frame.payload);
        held = held.subarray(frame.whole);
      }
    },
  };
}

/** RFC 6455, 5.2: two bytes, a longer length where the short one says 126 or 127, and a client's mask of four. */
function readFrame(bytes: Buffer): { readonly payload: number; readonly whole: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const header = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + 4;
  if (bytes.length < header) return undefined;
  const payload = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  return bytes.length < header + payload ? undefined : { payload, whole: header + payload };
}
