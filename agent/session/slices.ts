export interface BodySlice {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Cuts a body into slices: the first of at most `firstBytes`, the others of at most `laterBytes`. */
export type CutBody = (
  body: AsyncIterable<Uint8Array>,
  firstBytes: number,
  laterBytes: number,
) => AsyncGenerator<BodySlice>;

/**
 * Re-cuts a body that arrives in pieces of any size into slices that fill a message. At least one comes, empty for an
 * empty body; the last is known when the body's end is, so that no empty one follows a full one.
 * Holds one slice, never the body. Leaving early ends the body's iteration.
 */
export async function* sliceBody(
  body: AsyncIterable<Uint8Array>,
  firstBytes: number,
  laterBytes: number,
): AsyncGenerator<BodySlice> {
  let room = firstBytes;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of body) {
    let rest = piece;
    while (heldBytes + rest.length > room) {
      held.push(rest.subarray(0, room - heldBytes));
      rest = rest.subarray(room - heldBytes);
      yield { bytes: Buffer.concat(held), last: false };
      held = [];
      heldBytes = 0;
      room = laterBytes;
    }
    held.push(rest);
    heldBytes += rest.length;
  }
  yield { bytes: Buffer.concat(held), last: true };
}
