import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, createBrotliCompress } from 'node:zlib';
import { isCompressible, LEAST_COMPRESSED_BYTES } from '../../src/protocol/compressible.ts';
import { PART_BYTES } from '../../src/protocol/limits.ts';
import type { BodyEncoding, HeaderPair } from '../../src/protocol/messages.ts';

export interface EncodedBody {
  readonly body: AsyncIterable<Uint8Array>;
  /** Absent where the body goes as it is. */
  readonly encoding?: BodyEncoding;
}

/** By measurement (`npm run bench:compression`): what a higher one saves costs more time than it is worth. */
const QUALITY = 5;

/** The window of a stream, as a power of two: 256 KB, since every stream under way holds one. */
const STREAM_WINDOW = 18;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** Compresses what compresses. A body of one message is looked at whole; a longer one is compressed as it comes. */
export async function encodeBody(
  body: AsyncIterable<Uint8Array>,
  headers: readonly HeaderPair[],
): Promise<EncodedBody> {
  if (!isCompressible(headers)) return { body };
  const pieces = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  for (;;) {
    const piece = await pieces.next();
    if (piece.done) return encodeWhole(Buffer.concat(held));
    held.push(piece.value);
    heldBytes += piece.value.length;
    if (heldBytes > PART_BYTES) return { body: compressStream(held, pieces), encoding: 'br' };
  }
}

/** @returns undefined for what is broken or would be larger than `limitBytes` */
export async function expandBody(body: Uint8Array, limitBytes: number): Promise<Uint8Array | undefined> {
  try {
    return await decompress(body, { maxOutputLength: limitBytes });
  } catch {
    return undefined;
  }
}

async function encodeWhole(bytes: Buffer): Promise<EncodedBody> {
  if (bytes.length < LEAST_COMPRESSED_BYTES) return { body: once(bytes) };
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const compressed = await compress(bytes, { params });
  return compressed.length < bytes.length ? { body: once(compressed), encoding: 'br' } : { body: once(bytes) };
}

async function* compressStream(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
  const compressor = createBrotliCompress({
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_LGWIN]: STREAM_WINDOW },
  });
  const fed = feed(held, rest, compressor).catch((error: Error) => void compressor.destroy(error));
  try {
    for await (const piece of compressor) yield piece as Uint8Array;
    await fed;
  } finally {
    compressor.destroy();
    await rest.return?.();
  }
}

async function feed(
  held: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  compressor: ReturnType<typeof createBrotliCompress>,
): Promise<void> {
  const write = async (piece: Uint8Array) => {
    if (compressor.write(piece)) return;
    await new Promise<void>((resolve) => compressor.once('drain', resolve).once('close', resolve));
  };
  for (const piece of held) await write(piece);
  for (let piece = await rest.next(); !piece.done; piece = await rest.next()) {
    if (compressor.destroyed) return;
    await write(piece.value);
  }
  compressor.end();
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
