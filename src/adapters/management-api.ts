import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
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
 * A post is signed and sent by the client's own credentials, signer and keep-alive connections, but not through its chain of middleware,
 * which costs more than the rest of a post together (bench/README.md); attempts and deadlines are ours in any case.
 * @param endpoint of the Management API, as {@link managementEndpoint} gives it
 * @see MG-12 429 also says that the client's buffer is full
 */
export function createPost(endpoint: string, { clock, random, log }: PostDependencies): PostToConnection {
  const { config } = new ApiGatewayManagementApiClient({ endpoint });
  const { protocol, hostname, port, pathname, host } = new URL(endpoint);
  const signing = Promise.all([config.region(), signerOf(config)]);

  async function attempt(connectionId: string, body: Uint8Array, ms: number): Promise<PostResult | Refusal> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), ms);
    try {
      const [signingRegion, signer] = await signing;
      const request = {
        method: 'POST',
        protocol,
        hostname,
        ...(port && { port: Number(port) }),
        path: `${pathname.replace(/\/$/, '')}/@connections/${encodeURIComponent(connectionId)}`,
        headers: {
          host,
          'content-type': 'application/octet-stream',
          'content-length': String(body.length),
          ...traceHeader(),
        },
        query: {},
        body,
      };
      const signed = await signer.sign(request, { signingRegion, signingService: 'execute-api' });
      const { response } = await config.requestHandler.handle(signed as Signed, { abortSignal: timeout.signal });
      // Read to its end, so that the connection serves again.
      response.body?.resume();
      const { statusCode: status, headers } = response;
      if (status < 300) return 'sent';
      if (status === 410) return 'gone';
      return { status, problem: `${status} ${headers['x-amzn-errortype'] ?? ''}`.trim() };
    } catch (error) {
      return { problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
    } finally {
      clearTimeout(timer);
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
      // What is throttled was refused before anything was delivered.
      unsure ||= result.status !== 429;
      const pause = random() * ceiling;
      if (!isTransient(result) || clock.now() + pause >= giveUpAt) {
        log('error', 'post failed', { connectionId, problem: result.problem });
        return 'failed';
      }
      await clock.sleep(pause);
    }
  };
}

/** An attempt that brought nothing; without a status where there was no answer at all. */
interface Refusal {
  readonly status?: number;
  readonly problem: string;
}

/** Throttled, the service's own fault, or no answer. */
function isTransient({ status }: Refusal): boolean {
  return status === undefined || status === 429 || status >= 500;
}

type ClientConfig = ApiGatewayManagementApiClient['config'];
type Signed = Parameters<ClientConfig['requestHandler']['handle']>[0];

/** What signs with the environment's credentials, which the client fetches and renews. */
function signerOf({ signer }: ClientConfig) {
  if (!signer) throw new Error('the client of the Management API has no signer');
  return typeof signer === 'function' ? signer() : signer;
}

/** What lets AWS see which invocation a call belongs to, as the client's own middleware would have it. */
function traceHeader(): Record<string, string> {
  const { AWS_LAMBDA_FUNCTION_NAME: name, _X_AMZN_TRACE_ID: trace } = process.env;
  return name && trace ? { 'x-amzn-trace-id': trace } : {};
}
