/** A body of unknown length, once it is known whether it is a large one. */
export interface HeldBack {
  readonly large: boolean;
  /** The whole body, to be read once. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Reads until the body ends or is seen to be larger than `limitBytes`: hardly more than that is held in memory. */
export async function holdBack(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<HeldBack> {
  const rest = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= limitBytes) {
    const piece = await rest.next();
    if (piece.done) break;
    held.push(piece.value);
    bytes += piece.value.length;
  }
  async function* whole() {
    try {
      for (let piece = held.shift(); piece; piece = held.shift()) yield piece;
      for (let piece = await rest.next(); !piece.done; piece = await rest.next()) yield piece.value;
    } finally {
      await rest.return?.();
    }
  }
  return { large: bytes > limitBytes, body: whole() };
}
