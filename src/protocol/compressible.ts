import type { HeaderPair } from './messages.ts';

/** Below this many bytes nothing is saved: a message is billed per started 32 KB, a table's row per started KB. */
export const LEAST_COMPRESSED_BYTES = 1_024;

/**
 * True for a body that is worth compressing on the wire, by what its headers say of it: text of some kind, and not compressed
 * already. An event stream is not: it would wait inside the compressor.
 */
export function isCompressible(headers: readonly HeaderPair[]): boolean {
  let type = '';
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key === 'content-encoding' && value.trim().toLowerCase() !== 'identity') return false;
    if (key === 'content-type') type = value.trim().toLowerCase();
  }
  return COMPRESSIBLE.test(type) && !type.startsWith('text/event-stream');
}

const COMPRESSIBLE =
  /^(?:text\/|image\/(?:svg\+xml|bmp)|font\/(?:ttf|otf)|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript|ecmascript|x-javascript|x-ndjson|ld|graphql|wasm|yaml|toml|rtf|sql|x-www-form-urlencoded|xhtml|manifest|vnd\.ms-fontobject|x-font-ttf)\b)/;
