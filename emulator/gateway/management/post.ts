import { drawDelay, strikes } from '../../stack/random.ts';
import type { GatewayContext } from '../context.ts';
import type { Connection } from '../websocket/connection.ts';
import { type Answer, failure, gone, POSTED } from './answers.ts';

/** Delivers a payload as one text message (MG-15) and answers when it has left, so that awaited posts keep their order. */
export type Post = (connection: Connection, bytes: Buffer) => Promise<Answer>;

/** @see WS-45, MG-08, MG-12, MG-13 */
export function createPost({ clock, faults, randomOf }: Pick<GatewayContext, 'clock' | 'faults' | 'randomOf'>): Post {
  const shuffling = randomOf('postShuffleMs');
  const repeating = randomOf('postRepeatRate');

  return async (connection, bytes) => {
    const ms = drawDelay(faults.postShuffleMs, shuffling);
    if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
    switch (connection.send(bytes)) {
      case 'gone':
        return gone('MG-06', 'the connection closed while the post was under way');
      case 'buffer-full':
        return tooMany(
          'the client reads too slowly, what waits for it is over the limit; the SDKs try again by themselves',
        );
      case 'sent':
        return strikes(faults.postRepeatRate, repeating) ? REPEAT : POSTED;
    }
  };
}

/** Over a rate, or over what waits for a slow client (MG-12). */
export function tooMany(note: string): Answer {
  return failure(429, 'LimitExceededException', 'Rate Exceeded.', 'MG-12', note);
}

/** Delivered, although it does not say so (MG-13). */
export const REPEAT = failure(
  500,
  'InternalServerErrorException',
  'Internal server error',
  'MG-13',
  'delivered, and answered 500 on purpose (postRepeatRate): the SDK posts again, and the client gets it twice',
);
