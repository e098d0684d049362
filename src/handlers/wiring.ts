/** The composition root: what each function is made of, made on first use and kept for the environment's life. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createConnectionStore } from '../adapters/dynamodb-connections.ts';
import { createStackKey } from '../adapters/dynamodb-stack-key.ts';
import { createTunnelStore } from '../adapters/dynamodb-tunnels.ts';
import { createPollRendezvous } from '../adapters/poll-rendezvous.ts';
import { createLog, hashes, randomBytes, systemClock } from '../adapters/system.ts';
import type { LargeResponses } from '../tunnel/large-responses.ts';
import type { PublicAddress } from '../tunnel/ports.ts';
import { createRequestIds } from '../tunnel/request-id.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';

/** What every function needs: its settings, its log, the tables. */
export function wireStores(config: Config = readConfig(process.env)) {
  // A throttled table is asked for longer than the SDK would: a request in flight depends on it (DD-09).
  const client = new DynamoDBClient({ maxAttempts: 6 });
  return {
    config,
    pace: config.pace,
    signing: client.config,
    log: createLog(config.logLevel),
    clock: systemClock,
    hashes,
    randomBytes,
    tunnels: createTunnelStore(client, config.tunnelsTable),
    connections: createConnectionStore(client, config.connectionsTable),
    answers: createPollRendezvous(client, config.pendingRequestsTable, systemClock),
    requestIds: once(async () => {
      const stackKey = createStackKey(client, config.tunnelsTable, randomBytes);
      return createRequestIds(await stackKey(), hashes, randomBytes);
    }),
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

function addressOf({ publicUrl, wildcardDomain }: Config): PublicAddress {
  return { publicUrl, ...(wildcardDomain && { wildcardDomain }) };
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
