import { Readable } from 'node:stream';
import { brotliCompressSync, brotliDecompressSync, constants, createBrotliDecompress } from 'node:zlib';
import type { Compression } from '../tunnel/ports.ts';

/** By measurement (`npm run bench:compression`): what a higher one saves costs more time than it is worth. */
const QUALITY = 4;

/** Brotli: what both sides have in every Node they run on. Synchronous, since a function has one event at a time (LA-01). */
export const brotli: Compression = {
  compress: (body) =>
    brotliCompressSync(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
      },
    }),
  expand(body, limitBytes) {
    try {
      return brotliDecompressSync(body, { maxOutputLength: limitBytes });
    } catch {
      return undefined;
    }
  },

  async *expandStream(body, limitBytes) {
    let bytes = 0;
    const expander = createBrotliDecompress();
    const source = Readable.from(body, { objectMode: false });
    source.on('error', (error) => expander.destroy(error));
    for await (const piece of source.pipe(expander) as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > limitBytes) throw new Error('the body expands to more than the door can give back');
      yield piece;
    }
  },
};
