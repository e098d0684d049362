/** The composition root: what each function is made of, made on first use and kept for the environment's life. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { brotli } from '../adapters/compression.ts';
import { createConnectionStore } from '../adapters/dynamodb-connections.ts';
import { createStackKey, readStackKey } from '../adapters/dynamodb-stack-key.ts';
import { createTunnelStore } from '../adapters/dynamodb-tunnels.ts';
import { createPost, managementEndpoint } from '../adapters/management-api.ts';
import { createPollRendezvous } from '../adapters/poll-rendezvous.ts';
import { createReplySocket } from '../adapters/reply-socket.ts';
import { createLog, hashes, randomBytes, systemClock } from '../adapters/system.ts';
import { createHeardAnswers } from '../tunnel/heard-answers.ts';
import type { LargeResponses } from '../tunnel/large-responses.ts';
import type { PublicAddress } from '../tunnel/ports.ts';
import { rememberTunnels } from '../tunnel/recent-tunnels.ts';
import { issueReplyPass } from '../tunnel/reply-pass.ts';
import { createRequestIds } from '../tunnel/request-id.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';

/** What every function needs: its settings, its log, the tables. */
export function wireStores(config: Config = readConfig(process.env)) {
  // A throttled table is asked for longer than the SDK would: a request in flight depends on it (DD-09).
  const client = new DynamoDBClient({ maxAttempts: 6 });
  const stackKey = once(createStackKey(client, config.tunnelsTable, randomBytes));
  return {
    config,
    pace: config.pace,
    signing: client.config,
    log: createLog(config.logLevel),
    clock: systemClock,
    hashes,
    randomBytes,
    tunnels: rememberTunnels(createTunnelStore(client, config.tunnelsTable), systemClock),
    connections: createConnectionStore(client, config.connectionsTable),
    answers: createPollRendezvous(client, config.pendingRequestsTable, systemClock),
    stackKey,
    knownStackKey: () => readStackKey(client, config.tunnelsTable),
    requestIds: once(async () => createRequestIds(await stackKey(), hashes, randomBytes)),
    address: addressOf(config),
  };
}

/** The way out for large responses, where the stack has the bucket; what it needs is loaded with the first that is asked for. */
export function wireLargeResponses({
  config: { largeResponses },
  signing,
  clock,
  randomBytes,
}: Pick<ReturnType<typeof wireStores>, 'config' | 'signing' | 'clock' | 'randomBytes'>):
  | (() => Promise<LargeResponses>)
  | undefined {
  if (!largeResponses) return undefined;
  return once(async () => {
    const { createS3LargeResponses } = await import('../adapters/s3-large-responses.ts');
    return createS3LargeResponses(signing, { ...largeResponses, clock, randomBytes });
  });
}

/** What posts to connections: agents', and those of functions that wait. */
export function wirePost(stores: ReturnType<typeof wireStores>) {
  return createPost(managementEndpoint(stores.config.webSocketEndpoint), { ...stores, random: Math.random });
}

/** What a door needs beside the tables. */
export function wireDoor() {
  const stores = wireStores();
  const { config, stackKey, pace } = stores;
  const post = wirePost(stores);
  const pass = async () => issueReplyPass(await stackKey(), stores);
  const options = {
    ...stores,
    endpoint: config.webSocketEndpoint,
    renewAfterSeconds: pace.renewAfterSeconds,
    pass,
    post,
  };
  return {
    ...stores,
    post,
    heard: createHeardAnswers(),
    compression: brotli,
    largeResponses: wireLargeResponses(stores),
    serverTiming: config.serverTiming,
    ...(config.rendezvous === 'push' && { replies: createReplySocket(options) }),
  };
}

function addressOf({ publicUrl, wildcardDomain, streamingUrl }: Config): PublicAddress {
  return { publicUrl, ...(wildcardDomain && { wildcardDomain }), ...(streamingUrl && { streamingUrl }) };
}

/** Calls `make` on first use; a failure is not kept. */
export function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
