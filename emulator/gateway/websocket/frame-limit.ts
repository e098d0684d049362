/** A passive look at the bytes a client sends: it changes nothing and only counts. */
export interface FrameLimit {
  /**
   * Takes the next bytes of the stream.
   * @returns which limit was broken, as soon as the header of the frame that breaks it has passed; after that the rest
   *   of the stream is not looked at
   */
  scan(bytes: Uint8Array): 'frame' | 'message' | undefined;
  /** Messages that passed whole, and within both limits. */
  completeMessages(): number;
}

const FINAL = 0x80;
const MASKED = 0x80;
const CONTROL = 0x08;
const MAX_HEADER_BYTES = 14;

/**
 * Watches for frames and messages that API Gateway does not take; `ws` itself knows a limit for messages only.
 * Malformed frames are left to `ws`, which sees the same bytes.
 * @param frameBytes most payload bytes of one data frame (WS-41)
 * @param messageBytes most payload bytes of all frames of one message (WS-42)
 */
export function createFrameLimit(frameBytes: number, messageBytes: number): FrameLimit {
  const header = new Uint8Array(MAX_HEADER_BYTES);
  let headerFilled = 0;
  let payloadLeft = 0;
  let endsMessage = false;
  let messageLength = 0;
  let complete = 0;
  let broken: 'frame' | 'message' | undefined;

  function beginFrame(): void {
    const [first = 0] = header;
    headerFilled = 0;
    payloadLeft = payloadLength(header);
    endsMessage = false;
    if ((first & CONTROL) !== 0) return;
    messageLength += payloadLeft;
    if (payloadLeft > frameBytes) broken = 'frame';
    else if (messageLength > messageBytes) broken = 'message';
    endsMessage = (first & FINAL) !== 0;
  }

  function endFrame(): void {
    if (!endsMessage) return;
    complete += 1;
    messageLength = 0;
  }

  return {
    scan(bytes) {
      let offset = 0;
      while (offset < bytes.length && broken === undefined) {
        if (payloadLeft > 0) {
          const step = Math.min(payloadLeft, bytes.length - offset);
          payloadLeft -= step;
          offset += step;
        } else {
          header[headerFilled++] = bytes[offset++] ?? 0;
          if (headerFilled < headerLength(header, headerFilled)) continue;
          beginFrame();
        }
        if (payloadLeft === 0 && broken === undefined) endFrame();
      }
      return broken;
    },
    completeMessages: () => complete,
  };
}

/** Two bytes, the extended length that the second one announces, and the mask (RFC 6455, 5.2). */
function headerLength(header: Uint8Array, filled: number): number {
  if (filled < 2) return 2;
  const second = header[1] ?? 0;
  const length = second & ~MASKED;
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & MASKED) !== 0 ? 4 : 0);
}

function payloadLength(header: Uint8Array): number {
  const length = (header[1] ?? 0) & ~MASKED;
  const view = new DataView(header.buffer);
  if (length === 126) return view.getUint16(2);
  if (length === 127) return view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  return length;
}
