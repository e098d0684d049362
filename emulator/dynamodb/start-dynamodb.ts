import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Clock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import type { Random } from '../stack/random.ts';
import type { Table } from '../stack/stack.ts';
import { isFromWebPage } from '../stack/web-page.ts';
import { createTables } from './create-tables.ts';
import { startExpiry } from './expiry.ts';
import type { DatabaseFaults } from './faults.ts';

export interface DynamoDbOptions {
  /** `embedded` (dynalite, in memory, gone when it stops), or the URL of a DynamoDB that runs already. */
  readonly database: string;
  /** Port of the embedded database; 0 for any. */
  readonly port: number;
  readonly region: string;
  /** Who may sign, and what each may do. Absent: nobody is asked. */
  readonly credentials?: CredentialStore;
  readonly faults?: Partial<DatabaseFaults>;
  readonly random?: Random;
  /** Made where they are absent. */
  readonly tables: readonly Table[];
  /**
   * Milliseconds that the embedded database keeps an item past its time to live; for ever unless given, since AWS too may
   * take days (DD-03).
   */
  readonly ttlDelayMs?: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DynamoDb {
  readonly url: string;
  /** Ends the embedded database; leaves one that was given by URL alone. */
  stop(): Promise<void>;
}

/**
 * The stack's database with its tables.
 * @throws EmulatorError DATABASE_UNREACHABLE; Node's error with `code: 'EADDRINUSE'` when the port is taken
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { database, port, region, tables, ttlDelayMs, clock, log } = options;
  const started = database === 'embedded' ? await startEmbedded(port) : { url: database, stop: async () => {} };
  try {
    await createTables(started.url, region, tables, log);
    if (database !== 'embedded' || ttlDelayMs === undefined) return started;
    const { url } = started;
    const endExpiry = startExpiry({ url, region, tables, delayMs: ttlDelayMs, clock, log });
    return {
      url,
      async stop() {
        endExpiry();
        await started.stop();
      },
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** dynalite itself lets every origin in, and verifies no signature. */
function refuseWebPages(server: Server): void {
  const serve = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isFromWebPage(request.headers)) return void response.writeHead(403).end();
    for (const listener of serve) listener(request, response);
  });
}

async function startEmbedded(port: number): Promise<DynamoDb> {
  const { default: dynalite } = await import('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  refuseWebPages(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
