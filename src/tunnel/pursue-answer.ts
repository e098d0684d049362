import { encode } from '../protocol/codec.ts';
import type { RandomBytes } from '../protocol/ids.ts';
import { WINDOW_BYTES } from '../protocol/limits.ts';
import type { EdgeMessage } from '../protocol/messages.ts';
import type { Progress, Pursuit } from './await-answer.ts';
import { RETURN_SECONDS } from './claim.ts';
import { goAwayFrom } from './close-connection.ts';
import type { Failure } from './outcomes.ts';
import { failure } from './outcomes.ts';
import type { Clock, PostToConnection, TunnelSession, TunnelStore } from './ports.ts';
import type { RequestPosting } from './post-request.ts';

export interface PursuitOptions {
  readonly tunnelId: string;
  readonly sessionId: string;
  readonly session: TunnelSession;
  readonly requestId: string;
  readonly posting: RequestPosting;
  /** Epoch milliseconds by which the visitor must have an answer. */
  readonly deadline: number;
}

export interface PursuitDependencies {
  readonly tunnels: TunnelStore;
  readonly post: PostToConnection;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
}

/** How long an agent that has left its tunnel may still answer what it has, in seconds: it drains before it goes. */
const LEAVING_SECONDS = 6;

/**
 * An agent that has said it is at work, over this very connection, is asked again so seldom, in milliseconds: its answer can only
 * be lost where the message function failed.
 */
const REMINDER_MS = 8_000;

/**
 * Sees to it that a request that was posted is answered, whatever becomes of the connection: gives credit, sends the request
 * again where it may have been lost, asks for missing parts again, over the session's next connection where there is one.
 */
export function createPursuit(
  { tunnelId, sessionId, session, requestId, posting, deadline }: PursuitOptions,
  dependencies: PursuitDependencies,
): Pursuit & { cancel(): Promise<void> } {
  const { tunnels, post, clock } = dependencies;
  const understands = session.protocol === 2;
  let { connectionId } = session;
  let granted = WINDOW_BYTES;
  let askedAt = clock.now();
  let goneSince: number | undefined;

  async function say(message: EdgeMessage): Promise<void> {
    if (understands && (await post(connectionId, encode(message), deadline)) === 'gone') {
      await goAwayFrom(tunnelId, connectionId, dependencies);
    }
  }

  async function resume({ accepted, from, seen, bytes }: Progress): Promise<void> {
    if (accepted) return say({ type: 'again', requestId, from, seen, bytes: bytes + WINDOW_BYTES });
    if ((await posting.restart(connectionId)) === 'gone') await goAwayFrom(tunnelId, connectionId, dependencies);
  }

  return {
    async granted(bytes) {
      posting.grant(bytes);
      await posting.advance();
    },

    async progressed({ bytes }) {
      if (bytes + WINDOW_BYTES / 2 < granted) return;
      granted = bytes + WINDOW_BYTES;
      await say({ type: 'credit', requestId, bytes: granted });
    },

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
      const atWork = progress.accepted && progress.from === 0 && progress.seen.length === 0;
      if (moved || !atWork || clock.now() - askedAt >= REMINDER_MS) {
        askedAt = clock.now();
        await resume(progress);
      }
      return undefined;
    },

    cancel: () => say({ type: 'cancel', requestId }),
  };
}
