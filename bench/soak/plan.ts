import type { Kind } from './bodies.ts';

/** A request to be made, and what is to come back. */
export interface Plan {
  /** Unlike any other of the run. */
  readonly nonce: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly kind: Kind;
  readonly uploadBytes: number;
  readonly downloadBytes: number;
  /** Of the larger of its bodies. */
  readonly sizeClass: SizeClassName;
}

/** Bytes, the weights adding up to 1. The largest stay below what a Lambda event and result can carry as base64 (LA-04). */
const SIZE_CLASSES = [
  { name: '0 to 2 KB', least: 0, most: 2_000, weight: 0.75 },
  { name: '20 to 60 KB', least: 20_000, most: 60_000, weight: 0.2 },
  { name: '100 to 400 KB', least: 100_000, most: 400_000, weight: 0.045 },
  { name: '1 to 4 MB', least: 1_000_000, most: 4_000_000, weight: 0.005 },
] as const;

export type SizeClassName = (typeof SIZE_CLASSES)[number]['name'];

export const SIZE_CLASS_NAMES: readonly SizeClassName[] = SIZE_CLASSES.map(({ name }) => name);

/** A large body goes in one direction, a small one in the other. @param random from 0 to 1 */
export function drawPlan(number: number, random: () => number): Plan {
  const nonce = `n${number}-${Math.floor(random() * 2 ** 48).toString(36)}`;
  const method = random() < 0.5 ? 'GET' : random() < 0.5 ? 'POST' : 'PUT';
  const kind = random() < 0.6 ? 'text' : 'random';
  const { name, bytes } = drawSize(random);
  const small = Math.floor(random() * 2_000);
  const up = method !== 'GET' && random() < 0.5;
  return {
    nonce,
    method,
    kind,
    uploadBytes: method === 'GET' ? 0 : up ? bytes : small,
    downloadBytes: up ? small : bytes,
    sizeClass: name,
  };
}

function drawSize(random: () => number): { name: SizeClassName; bytes: number } {
  let left = random();
  const drawn = SIZE_CLASSES.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  const { name, least, most } = drawn ?? SIZE_CLASSES[0];
  return { name, bytes: least + Math.floor(random() * (most - least)) };
}
