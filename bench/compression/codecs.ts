import * as zlib from 'node:zlib';

/** A way to make a body smaller. */
export interface Codec {
  /** `brotli 4` */
  readonly name: string;
  compress(bytes: Buffer): Buffer;
  expand(bytes: Buffer): Buffer;
}

/** What Node 20.19 does not have and later ones do (22.15, 23.8). */
interface WithZstd {
  readonly zstdCompressSync?: (bytes: Buffer, options: object) => Buffer;
  readonly zstdDecompressSync?: (bytes: Buffer) => Buffer;
}

/** All that this Node has. */
export function listCodecs(): readonly Codec[] {
  return [
    ...[1, 6, 9].map(gzip),
    ...[1, 3, 4, 5, 6, 9, 11].map(brotli),
    ...[1, 3, 9].flatMap((level) => zstd(level) ?? []),
  ];
}

function gzip(level: number): Codec {
  return {
    name: `gzip ${level}`,
    compress: (bytes) => zlib.gzipSync(bytes, { level }),
    expand: (bytes) => zlib.gunzipSync(bytes),
  };
}

function brotli(level: number): Codec {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  return {
    name: `brotli ${level}`,
    compress: (bytes) =>
      zlib.brotliCompressSync(bytes, {
        params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    expand: (bytes) => zlib.brotliDecompressSync(bytes),
  };
}

function zstd(level: number): Codec | undefined {
  const { zstdCompressSync: compress, zstdDecompressSync: expand } = zlib as WithZstd;
  if (!compress || !expand) return undefined;
  /** `ZSTD_c_compressionLevel` */
  const LEVEL_PARAMETER = 100;
  return {
    name: `zstd ${level}`,
    compress: (bytes) => compress(bytes, { params: { [LEVEL_PARAMETER]: level } }),
    expand: (bytes) => expand(bytes),
  };
}
