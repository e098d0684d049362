import { createCipheriv, createHash } from 'node:crypto';

/** Whether it compresses. */
export type Kind = 'text' | 'random';

const WORDS =
  'agent answer body castle door edge every exchange first gate head key lamp message night part path queue road seed tunnel upstream visitor wall'.split(
    ' ',
  );

/**
 * The same bytes for the same seed, everywhere; they begin with the seed, as far as there is room, so that a mixed-up body tells
 * whose it is.
 */
export function bodyOf(seed: string, kind: Kind, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const noise = noiseOf(`${seed} ${kind}`, kind === 'random' ? bytes : Math.ceil(bytes / 3));
  const body = kind === 'random' ? noise : textOf(noise, bytes);
  body.write(`${seed} `);
  return body;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function noiseOf(seed: string, bytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** No word is shorter than three letters with its space, so the noise is enough. */
function textOf(noise: Buffer, bytes: number): Buffer {
  const words: string[] = [];
  let length = 0;
  for (let at = 0; length < bytes; at += 1) {
    const word = WORDS[(noise[at] ?? 0) % WORDS.length] ?? '';
    words.push(word);
    length += word.length + 1;
  }
  return Buffer.from(`${words.join(' ')} `).subarray(0, bytes);
}
