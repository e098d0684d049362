import type { Clock } from '../../stack/clock.ts';
import type { Quotas } from '../quotas.ts';

type Limits = Pick<Quotas, 'streamBurstBytes' | 'streamBytesPerSecond'>;

/**
 * How long a streamed answer has to wait after each of its parts: not at all for its first 6 MB, then as long as 2 MB a second
 * take.
 * @returns milliseconds, for a part of so many bytes
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html#config-rs-bandwidth-cap
 */
export function createBandwidth(
  clock: Pick<Clock, 'now'>,
  { streamBurstBytes, streamBytesPerSecond }: Limits,
): (bytes: number) => number {
  let sent = 0;
  /** When what was sent so far has had its time. */
  let freeAt = 0;
  return (bytes) => {
    const capped = Math.max(0, sent + bytes - Math.max(sent, streamBurstBytes));
    sent += bytes;
    if (capped === 0) return 0;
    const now = clock.now();
    freeAt = Math.max(now, freeAt) + (capped * 1_000) / streamBytesPerSecond;
    return freeAt - now;
  };
}
