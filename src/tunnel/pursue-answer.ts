import { encode } from '../protocol/codec.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { WINDOW_BYTES } from '../protocol/limits.ts';
import type { EdgeMessage } from '../protocol/messages.ts';
import type { Progress, Pursuit } from './await-answer.ts';
import { RETURN_SECONDS } from './claim.ts';
import { goAwayFrom } from './close-connection.ts';
import type { HeardAnswers } from './heard-answers.ts';
import type { Hearing } from './hearing.ts';
import type { Failure } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type { Clock, PostToConnection, TunnelSession } from './ports.ts';
import type { RequestPosting } from './post-request.ts';
import type { RecentTunnels } from './recent-tunnels.ts';

export interface PursuitOptions {
  readonly tunnelId: string;
  readonly sessionId: string;
  readonly session: TunnelSession;
  readonly requestId: string;
  readonly posting: RequestPosting;
  readonly hearing: Pick<Hearing, 'replyTo' | 'prove' | 'resume'>;
  /** The body is passed on as it comes, and may be quiet for long. */
  readonly streaming: boolean;
  /** Epoch milliseconds by which the visitor must have an answer. */
  readonly deadline: number;
}

export interface PursuitDependencies {
  readonly tunnels: RecentTunnels;
  readonly post: PostToConnection;
  readonly heard: HeardAnswers;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
}

/** To its end, which is one of two. */
export interface WholePursuit extends Pursuit {
  /** The answer has come whole: the session's next request says so. */
  heard(): void;
  /** Nobody waits for it any more. */
  cancel(): Promise<void>;
}

/** How long an agent that has left its tunnel may still answer what it has, in seconds: it drains before it goes. */
const LEAVING_SECONDS = 6;

/**
 * An agent that has said it is at work, over this very connection, is asked again so seldom, in milliseconds: its answer can only
 * be lost where the message function failed.
 */
const REMINDER_MS = 8_000;

/** The pause before the next reminder of a stream that is quiet doubles up to this, in milliseconds. */
const LONGEST_REMINDER_MS = 60_000;

/**
 * Sees to it that a request that was posted is answered, whatever becomes of the connections: gives credit, sends the request
 * again where it may have been lost, asks for missing parts again, over the session's next connection where there is one, and for
 * answers by the table where they do not arrive otherwise.
 */
export function createPursuit(
  { tunnelId, sessionId, session, requestId, posting, hearing, streaming, deadline }: PursuitOptions,
  dependencies: PursuitDependencies,
): WholePursuit {
  const { tunnels, post, heard, clock } = dependencies;
  const understands = session.protocol === 2;
  let { connectionId } = session;
  let granted = WINDOW_BYTES;
  let askedAt = clock.now();
  let reminderMs = REMINDER_MS;
  let goneSince: number | undefined;

  /** @returns false where the connection is gone; the session's next is found when there is time for it */
  async function say(message: EdgeMessage): Promise<boolean> {
    if (!understands || (await post(connectionId, encode(message), deadline)) !== 'gone') return true;
    await goAwayFrom(tunnelId, connectionId, dependencies);
    return false;
  }

  /** To the session's next connection at once, where it has one: a stream outlives connections. */
  async function sayWherever(message: EdgeMessage): Promise<void> {
    if (await say(message)) return;
    const present = (await tunnels.read(tunnelId))?.sessions[sessionId];
    if (!present || present.connectionId === connectionId) return;
    connectionId = present.connectionId;
    await say(message);
  }

  function again({ from, seen, bytes }: Progress): EdgeMessage {
    const replyTo = hearing.replyTo();
    return {
      type: 'again',
      requestId,
      from,
      seen,
      bytes: bytes + WINDOW_BYTES,
      ...(replyTo !== undefined && { replyTo }),
    };
  }

  async function resume(progress: Progress): Promise<void> {
    if (progress.accepted) return sayWherever(again(progress));
    posting.answerTo(hearing.replyTo());
    if ((await posting.restart(connectionId)) === 'gone') await goAwayFrom(tunnelId, connectionId, dependencies);
  }

  return {
    async granted(bytes) {
      posting.grant(bytes);
      await posting.advance();
    },

    async progressed(progress) {
      if (streaming && hearing.replyTo() === undefined && hearing.resume()) await sayWherever(again(progress));
      if (progress.bytes + WINDOW_BYTES / 2 < granted) return;
      granted = progress.bytes + WINDOW_BYTES;
      await sayWherever({ type: 'credit', requestId, bytes: granted });
    },

    lost: resume,

    async silent(progress): Promise<Failure | undefined> {
      if (!understands) return undefined;
      const tunnel = await tunnels.read(tunnelId);
      const now = Math.floor(clock.now() / 1_000);
      const present = tunnel?.sessions[sessionId];
      if (!present || present.awaySince !== undefined) {
        goneSince ??= present?.awaySince ?? now;
        const lost = now > goneSince + (present ? RETURN_SECONDS : LEAVING_SECONDS);
        return lost ? failure('agent_lost', 'the agent went away with the request') : undefined;
      }
      goneSince = undefined;
      const moved = present.connectionId !== connectionId;
      connectionId = present.connectionId;
      const atWork = progress.accepted && progress.seen.length === 0 && (streaming || progress.from === 0);
      if (moved || !atWork || clock.now() - askedAt >= reminderMs) {
        if (!moved && atWork && streaming) reminderMs = Math.min(reminderMs * 2, LONGEST_REMINDER_MS);
        await hearing.prove();
        askedAt = clock.now();
        await resume(progress);
      }
      return undefined;
    },

    heard: () => heard.add(sessionId, requestId),
    cancel: async () => void (await say({ type: 'cancel', requestId })),
  };
}
