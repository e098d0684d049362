import { createHash } from 'node:crypto';
import type { RandomBytes } from '../../src/protocol/ids.ts';

/** Bytes that look random and are the same in every run: SHA-256 of the seed and a count. */
export function seededRandom(seed: string): RandomBytes {
  let count = 0;
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () => {
      count += 1;
      return createHash('sha256').update(`${seed} ${count}`).digest();
    });
    return Buffer.concat(blocks).subarray(0, length);
  };
}
