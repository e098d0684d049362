import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Clock, Log, PostResult, PostToConnection } from '../tunnel/ports.ts';

/**
 * The Management API's endpoint of a WebSocket API's: the same place, spoken to by HTTP.
 *
 * The conversion is explicit because the SDK does not object to `wss:`: it sends the signed request to port 80, in
 * clear (MG-14).
 * @param webSocketEndpoint `wss://…/stage`; `https:` and `http:` are taken as they are
 * @throws on any other scheme, or none
 */
export function managementEndpoint(webSocketEndpoint: string): string {
  const [, scheme, rest] = /^([a-z]+):\/\/([^/].*)$/i.exec(webSocketEndpoint) ?? [];
  const converted = MANAGEMENT_SCHEMES[scheme?.toLowerCase() ?? ''];
  if (!converted || !rest) {
    throw new Error(`"${webSocketEndpoint}" is no endpoint of a WebSocket API: expected wss://host/stage`);
  }
  return `${converted}://${rest.replace(/\/+$/, '')}`;
}

const MANAGEMENT_SCHEMES: Readonly<Record<string, string>> = { wss: 'https', https: 'https', ws: 'http', http: 'http' };

/** Milliseconds that a post is tried for at most, and that one attempt may take. */
const PATIENCE_MS = 10_000;
const ATTEMPT_MS = 5_000;

/** What a post gets that comes with the deadline or after it, like a `cancel`, in milliseconds. */
const LEAST_ATTEMPT_MS = 250;

/** The most that the pause before the second attempt may be, in milliseconds; it doubles with each, up to a second. */
const FIRST_PAUSE_MS = 60;
const LONGEST_PAUSE_MS = 1_000;

export interface PostDependencies {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/**
 * @param endpoint of the Management API, as {@link managementEndpoint} gives it
 * @see MG-12 429 also says that the client's buffer is full
 */
export function createPost(endpoint: string, { clock, random, log }: PostDependencies): PostToConnection {
  // The SDK's own attempts know no deadline.
  const client = new ApiGatewayManagementApiClient({ endpoint, maxAttempts: 1 });

  async function attempt(
    connectionId: string,
    data: Uint8Array,
    ms: number,
  ): Promise<PostResult | { readonly error: unknown }> {
    try {
      const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: data });
      await client.send(command, { abortSignal: AbortSignal.timeout(ms) });
      return 'sent';
    } catch (error) {
      return error instanceof Error && error.name === 'GoneException' ? 'gone' : { error };
    }
  }

  return async (connectionId, text, deadline = Number.POSITIVE_INFINITY) => {
    const data = Buffer.from(text);
    const giveUpAt = Math.min(clock.now() + PATIENCE_MS, deadline);
    let unsure = false;
    for (let ceiling = FIRST_PAUSE_MS; ; ceiling = Math.min(ceiling * 2, LONGEST_PAUSE_MS)) {
      const left = Math.round(giveUpAt - clock.now());
      const result = await attempt(connectionId, data, Math.min(Math.max(left, LEAST_ATTEMPT_MS), ATTEMPT_MS));
      // An attempt without a clear answer may have been delivered before the connection went (MG-13).
      if (result === 'gone' && unsure) return 'sent';
      if (typeof result === 'string') return result;
      unsure ||= !isThrottle(result.error);
      const pause = random() * ceiling;
      if (!isTransient(result.error) || clock.now() + pause >= giveUpAt) {
        const { name, message } = result.error instanceof Error ? result.error : new Error(String(result.error));
        log('error', 'post failed', { connectionId, error: name, message });
        return 'failed';
      }
      await clock.sleep(pause);
    }
  };
}

/** Refused before anything was delivered. */
function isThrottle(error: unknown): boolean {
  return error instanceof Error && statusOf(error) === 429;
}

/** Throttled, the service's own fault, or no answer at all. */
function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return true;
  const status = statusOf(error);
  return status === undefined || status === 429 || status >= 500;
}

function statusOf(error: object): number | undefined {
  return '$metadata' in error ? (error.$metadata as { readonly httpStatusCode?: number }).httpStatusCode : undefined;
}
