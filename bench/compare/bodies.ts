import { createHash } from 'node:crypto';
import { createRandom } from '../../emulator/stack/random.ts';

const WORDS = 'the a of tunnel request answer gate <p> </p> <li> </li> <a href="/docs/'.split(' ');

/**
 * A page of so many bytes that compresses about as pages do (to a fifth): markup, words that come again, numbers that do not.
 * The same every time.
 */
export function textOf(bytes: number): Buffer {
  const random = createRandom(bytes);
  const pieces: string[] = ['<!doctype html>\n'];
  for (let length = 16; length < bytes; ) {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? '';
    const piece = random() < 0.3 ? `${Math.floor(random() * 1e6).toString(36)} ` : `${word} `;
    pieces.push(piece);
    length += piece.length;
  }
  return Buffer.from(pieces.join('')).subarray(0, bytes);
}

/** So many bytes that do not compress, the same every time. */
export function bytesOf(bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(String(bytes)).digest();
}
