import { pipeline, Readable } from 'node:stream';
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
    if (piece.done) {
      const { bytes, encoding } = await encodeWhole(Buffer.concat(held), headers);
      return { body: once(bytes), ...(encoding && { encoding }) };
    }
    held.push(piece.value);
    heldBytes += piece.value.length;
    if (heldBytes > PART_BYTES) return { body: compressStream(held, pieces), encoding: 'br' };
  }
}

/**
 * The same for a body that is sent as it comes, which nobody can look at before. Only what has a length is compressed: what has none
 * may be waited for piece by piece, and would wait inside the compressor.
 * @param contentLength as the upstream announced it, in bytes
 */
export function encodeStream(
  body: AsyncIterable<Uint8Array>,
  headers: readonly HeaderPair[],
  contentLength: number | undefined,
): EncodedBody {
  if (contentLength === undefined || contentLength < LEAST_COMPRESSED_BYTES || !isCompressible(headers))
    return { body };
  return { body: compressStream([], body[Symbol.asyncIterator]()), encoding: 'br' };
}

/** @returns undefined for what is broken or would be larger than `limitBytes` */
export async function expandBody(body: Uint8Array, limitBytes: number): Promise<Uint8Array | undefined> {
  try {
    return await decompress(body, { maxOutputLength: limitBytes });
  } catch {
    return undefined;
  }
}

interface EncodedBytes {
  readonly bytes: Uint8Array;
  readonly encoding?: BodyEncoding;
}

/** The same for a body that is here. */
export async function encodeWhole(bytes: Uint8Array, headers: readonly HeaderPair[]): Promise<EncodedBytes> {
  if (bytes.length < LEAST_COMPRESSED_BYTES || !isCompressible(headers)) return { bytes };
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const compressed = await compress(bytes, { params });
  return compressed.length < bytes.length ? { bytes: compressed, encoding: 'br' } : { bytes };
}

/** Whatever fails ends the other: the source's error is the iteration's, and leaving the iteration ends the source. */
function compressStream(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  const compressor = createBrotliCompress({
    params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_LGWIN]: STREAM_WINDOW },
  });
  pipeline(Readable.from(inTurn(held, rest), { objectMode: false }), compressor, () => {});
  return compressor;
}

async function* inTurn(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>) {
  try {
    yield* held;
    for (let piece = await rest.next(); !piece.done; piece = await rest.next()) yield piece.value;
  } finally {
    await rest.return?.();
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
