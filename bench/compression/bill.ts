import { PART_BYTES } from '../../src/protocol/limits.ts';

/** What AWS charges in us-east-1, in micro-dollars. */
const MESSAGE_UNIT = 1;
const LAMBDA_REQUEST = 0.2;
const WRITE_UNIT = 0.625;
const READ_UNIT = 0.125;
const EGRESS_PER_BYTE = 0.09 / 1_000;
/** arm64, a GB for a millisecond. */
const LAMBDA_GB_MS = 0.0133334;

/** A message is billed per so many bytes, also where they are but begun. */
const MESSAGE_UNIT_BYTES = 32_768;
/** What travels beside a body's bytes: a head with its headers; a later part's envelope (as {@link PART_BYTES} allows for). */
const HEAD_BYTES = 700;
const ENVELOPE_BYTES = 320;
/** Names and keys of an item beside its body. */
const ITEM_BYTES = 120;

/** Of the functions that the repository deploys. */
export const LAMBDA_MB = 256;
/** Lambda gives processor in proportion to memory: a whole one at 1,769 MB. */
export const LAMBDA_SHARE = LAMBDA_MB / 1_769;

export interface Billed {
  readonly messageUnits: number;
  readonly writeUnits: number;
  /** Micro-dollars. */
  readonly microDollars: number;
}

/**
 * An answer on its way from the agent to the visitor's forward: a message and an invocation a part, an item a part, and the one
 * query that takes them all. What the visitor gets is not in it, since no compression changes that.
 * @param bytes of the body as it travels
 */
export function billResponse(bytes: number): Billed {
  const parts = partsOf(bytes);
  const messageUnits = unitsOf(parts);
  const writeUnits = sum(parts.map((part) => Math.ceil((part + ITEM_BYTES) / 1_024)));
  const readUnits = Math.ceil((bytes + parts.length * ITEM_BYTES) / 4_096);
  const microDollars =
    messageUnits * MESSAGE_UNIT + parts.length * LAMBDA_REQUEST + writeUnits * WRITE_UNIT + readUnits * READ_UNIT;
  return { messageUnits, writeUnits, microDollars };
}

/** A request's body on its way to the agent: messages, and bytes that leave AWS. */
export function billRequest(bytes: number): Billed {
  const parts = partsOf(bytes);
  const messageUnits = unitsOf(parts);
  const egress = sum(parts.map(sizeOfMessage)) * EGRESS_PER_BYTE;
  return { messageUnits, writeUnits: 0, microDollars: messageUnits * MESSAGE_UNIT + egress };
}

/** @param ms of a whole processor, as measured here; Lambda's is taken to be as fast */
export function billProcessor(ms: number): number {
  return (ms / LAMBDA_SHARE) * (LAMBDA_MB / 1_024) * LAMBDA_GB_MS;
}

/** Raw bytes of each part; the first lies beside a head, so it is a little shorter. */
function partsOf(bytes: number): readonly number[] {
  const first = Math.min(bytes, PART_BYTES - 3 * Math.ceil((HEAD_BYTES - ENVELOPE_BYTES) / 4));
  const parts = [first];
  for (let rest = bytes - first; rest > 0; rest -= PART_BYTES) parts.push(Math.min(rest, PART_BYTES));
  return parts;
}

function unitsOf(parts: readonly number[]): number {
  return sum(parts.map((part, index) => Math.ceil(sizeOfMessage(part, index) / MESSAGE_UNIT_BYTES)));
}

/** With the base64 of its body. */
function sizeOfMessage(part: number, index: number): number {
  return 4 * Math.ceil(part / 3) + (index === 0 ? HEAD_BYTES : ENVELOPE_BYTES);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
