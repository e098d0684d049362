import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDb } from '../../emulator/dynamodb/start-dynamodb.ts';
import { systemClock as emulatorClock } from '../../emulator/stack/clock.ts';
import type { Table } from '../../emulator/stack/stack.ts';
import { createConnectionStore } from '../../src/adapters/dynamodb-connections.ts';
import { createStackKey } from '../../src/adapters/dynamodb-stack-key.ts';
import { createTunnelStore } from '../../src/adapters/dynamodb-tunnels.ts';
import { createPollRendezvous } from '../../src/adapters/poll-rendezvous.ts';
import { systemClock } from '../../src/adapters/system.ts';
import type { Stores } from './memory-stores.ts';

const REGION = 'us-east-1';

/**
 * The edge's stores on a DynamoDB of their own, with empty tables.
 * @param database `embedded`, or the URL of one that runs; there the tables get names nobody else has
 */
export async function startDynamoDbStores(database: string): Promise<Stores & { stop(): Promise<void> }> {
  const tables = tablesOf(`test-${process.pid}-${process.hrtime.bigint()}`);
  const running = await startDynamoDb({
    database,
    port: 0,
    region: REGION,
    tables: Object.values(tables),
    clock: emulatorClock,
    log: () => {},
  });
  const client = new DynamoDBClient({
    endpoint: running.url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    tunnels: createTunnelStore(client, tables.tunnels.name),
    connections: createConnectionStore(client, tables.connections.name),
    answers: createPollRendezvous(client, tables.pendingRequests.name, systemClock),
    stackKey: (randomBytes) => createStackKey(client, tables.tunnels.name, randomBytes),
    async stop() {
      client.destroy();
      await running.stop();
    },
  };
}

/** Keys and index as serverless.yml has them. */
function tablesOf(prefix: string) {
  const hash = (name: string) => ({ name, type: 'HASH' as const });
  const text = (name: string) => ({ name, type: 'S' as const });
  return {
    tunnels: {
      logicalId: 'TunnelsTable',
      name: `${prefix}-tunnels`,
      keySchema: [hash('tunnelId')],
      attributes: [text('tunnelId'), text('owner'), { name: 'reserved', type: 'N' }],
      indexes: [
        {
          name: 'owner-index',
          keySchema: [hash('owner'), { name: 'reserved', type: 'RANGE' }],
          projection: 'KEYS_ONLY',
          nonKeyAttributes: [],
        },
      ],
      ttlAttribute: 'expiresAt',
    },
    connections: {
      logicalId: 'ConnectionsTable',
      name: `${prefix}-connections`,
      keySchema: [hash('connectionId')],
      attributes: [text('connectionId'), text('tunnelId')],
      indexes: [{ name: 'tunnel-id-index', keySchema: [hash('tunnelId')], projection: 'ALL', nonKeyAttributes: [] }],
      ttlAttribute: 'expiresAt',
    },
    pendingRequests: {
      logicalId: 'PendingRequestsTable',
      name: `${prefix}-pending-requests`,
      keySchema: [hash('requestId'), { name: 'part', type: 'RANGE' }],
      attributes: [text('requestId'), { name: 'part', type: 'N' }],
      indexes: [],
      ttlAttribute: 'expiresAt',
    },
  } satisfies Record<string, Table>;
}
