import type { Clock } from '../stack/clock.ts';

/** Makes the identifiers API Gateway gives to connections, requests and messages. */
export interface Ids {
  /**
   * Eleven bytes as base64url with its padding: `PJqB0fHsqRcCHlw=`. The first four characters are the second it was
   * made in, so that what happens in one second begins alike (WS-20, HA-21).
   */
  next(): string;
  /** An X-Ray header value: `Root=1-65c66b0f-0123456789abcdef01234567`. */
  trace(): string;
}

const ID = /^[A-Za-z0-9_-]{15}=$/;

export function createIds(clock: Pick<Clock, 'now'>, random: () => number): Ids {
  const bytes = Buffer.alloc(11);
  return {
    next() {
      bytes.writeUIntBE(seconds(clock) % 2 ** 24, 0, 3);
      bytes.writeUInt32BE(word(random), 3);
      bytes.writeUInt32BE(word(random), 7);
      return `${bytes.toString('base64url')}=`;
    },
    trace() {
      const unique = hex(word(random)) + hex(word(random)) + hex(word(random));
      return `Root=1-${hex(seconds(clock))}-${unique}`;
    },
  };
}

/** Whether `text` has the shape of a connection id, known or not (MG-07). */
export function isConnectionId(text: string): boolean {
  return ID.test(text);
}

function seconds(clock: Pick<Clock, 'now'>): number {
  return Math.floor(clock.now() / 1000);
}

function word(random: () => number): number {
  return Math.floor(random() * 2 ** 32);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
