import { Readable } from 'node:stream';
import { ApiGatewayManagementApiClient, GetConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Target } from './target.ts';

/** What the SDK sent, and what it got, before it made an error or an object of it. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly sent: Readonly<Record<string, string>>;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WatchedClientOptions {
  /** In place of the target's. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** 1 unless given; `undefined` for the SDK's own. */
  readonly maxAttempts?: number | undefined;
  /** Signed and sent in place of the endpoint's host. */
  readonly host?: string;
  /** Changes a request before it is signed. */
  readonly alter?: (request: SdkRequest) => void;
}

/** As the SDK passes it from step to step. */
export interface SdkRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** The SDK's client of `@connections`, with a list of its attempts as they went over the wire. */
export function watchedClient(
  target: Target,
  options: WatchedClientOptions = {},
): { readonly client: ApiGatewayManagementApiClient; readonly calls: readonly SeenCall[] } {
  const { endpoint = target.management, region = target.region, credentials = target.credentials, host } = options;
  const maxAttempts = 'maxAttempts' in options ? options.maxAttempts : 1;
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region,
    credentials,
    ...(maxAttempts !== undefined && { maxAttempts }),
  });
  const calls: SeenCall[] = [];
  client.middlewareStack.add(
    (next) => (given) => {
      const request = given.request as SdkRequest;
      if (host !== undefined) request.headers.host = host;
      options.alter?.(request);
      return next(given);
    },
    { step: 'build' },
  );
  client.middlewareStack.add(
    (next) => async (given) => {
      const result = await next(given);
      const { method, path, headers: sent } = given.request as SdkRequest;
      const response = result.response as SdkResponse;
      const slices: Uint8Array[] = [];
      for await (const slice of response.body) slices.push(slice);
      response.body = Readable.from(slices);
      const { statusCode: status, headers } = response;
      calls.push({ method, path, sent: { ...sent }, status, headers, body: String(Buffer.concat(slices)) });
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return { client, calls };
}

/** What the SDK throws at a call that must fail. */
export interface SdkRefusal {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly attempts: number | undefined;
}

/** @throws when the call succeeds */
export async function refusalOf(sending: Promise<unknown>): Promise<SdkRefusal> {
  const error = await sending.then(
    () => undefined,
    (reason: Error & { $metadata?: { httpStatusCode?: number; attempts?: number } }) => reason,
  );
  if (error === undefined) throw new Error('the call succeeded');
  const { name, message, $metadata } = error;
  return { name, message, status: $metadata?.httpStatusCode, attempts: $metadata?.attempts };
}

/** What to send with a request of one's own so that it counts as signed by the target's credentials for `execute-api`. */
export async function signedHeaders(
  target: Target,
  { method, path }: Pick<SdkRequest, 'method' | 'path'>,
): Promise<Record<string, string>> {
  const { client, calls } = watchedClient(target, { alter: (request) => Object.assign(request, { method, path }) });
  // It goes out as well, and what it is answered is of no interest.
  await client.send(new GetConnectionCommand({ ConnectionId: 'none' })).catch(() => {});
  const sent = calls[0]?.sent ?? {};
  const names = /SignedHeaders=([^,]*)/.exec(sent.authorization ?? '')?.[1]?.split(';') ?? [];
  return Object.fromEntries(['authorization', ...names].map((name) => [name, sent[name] ?? '']));
}
