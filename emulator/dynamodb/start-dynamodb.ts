import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Latency } from '../latency/latency.ts';
import type { Metering } from '../meter/metering.ts';
import { type Clock, systemClock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import { createRandom, type Random } from '../stack/random.ts';
import type { Table } from '../stack/stack.ts';
import { completeEmbedded } from './complete-embedded.ts';
import { createTables } from './create-tables.ts';
import type { Database } from './database.ts';
import { createEmbeddedDatabase } from './embedded-database.ts';
import { startExpiry } from './expiry.ts';
import { type DatabaseFaults, DEFAULT_DATABASE_FAULTS } from './faults.ts';
import { createFront } from './front.ts';
import { createGuard } from './guard.ts';
import { withSlowIndexes } from './index-creation.ts';
import { withIndexLag } from './index-lag.ts';
import { createRemoteDatabase } from './remote-database.ts';
import { withFaults } from './with-faults.ts';
import { withLatency } from './with-latency.ts';

export interface DynamoDbOptions {
  /** `embedded` (dynalite, in memory, gone when it stops), or the URL of a DynamoDB that runs already. */
  readonly database: string;
  /** Where the embedded database listens; 0 for any. What stands before another database takes any free port. */
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
  /** Told of what each operation consumes. */
  readonly metering?: Metering;
  /** What takes time in AWS; nothing does without it. */
  readonly latency?: Latency;
}

export interface DynamoDb {
  /** Of what stands before the database, whether that is the embedded one or another. */
  readonly url: string;
  /** Ends the embedded database; leaves one that was given by URL alone. */
  stop(): Promise<void>;
}

/** Milliseconds that a connection may rest: functions stand still for seconds between two events, and want it still open. */
const KEEP_ALIVE_MS = 65_000;

/**
 * The stack's database with its tables, behind a front that does what no local database does: it asks who calls and what
 * they may do, and fails, lags and throttles as DynamoDB does.
 * @throws EmulatorError DATABASE_UNREACHABLE; Node's error with `code: 'EADDRINUSE'` when the port is taken
 */
export async function startDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { database, port, region, credentials, random = createRandom(0), tables, ttlDelayMs, clock, log } = options;
  const faults = { ...DEFAULT_DATABASE_FAULTS, ...options.faults };
  const embedded = database === 'embedded';
  const opened = embedded ? await openEmbedded(tables, log) : openRemote(database, region);
  const lagging =
    faults.gsiLagMs > 0
      ? withIndexLag(opened.call, { lagMs: faults.gsiLagMs, clock, log, past: await createEmbeddedDatabase() })
      : { call: opened.call, stop() {} };
  const call = withSlowIndexes(lagging.call, faults.gsiCreateMs, clock);
  const faulty = withFaults(call, { faults, random, log });
  const listener = createFront({
    answer: options.latency ? withLatency(faulty, options.latency) : faulty,
    // Signatures are as old as the machine's clock says: the emulator's own may run faster.
    ...(credentials && { guard: createGuard({ credentials, region, now: systemClock.now, log }) }),
    region,
    log,
    ...(options.metering && { metering: options.metering }),
  });
  const ending = [opened.close, lagging.stop];
  const end = () => {
    for (const close of ending) close();
  };
  try {
    await createTables(opened.setup, tables, log);
    const server = await listen(listener, embedded ? port : 0);
    if (embedded && ttlDelayMs !== undefined) {
      ending.push(startExpiry({ database: call, tables, delayMs: ttlDelayMs, clock, log }));
    }
    return {
      url: server.url,
      async stop() {
        await server.stop();
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
  }
}

interface Opened {
  readonly call: Database;
  /** For what the emulator itself sets up. */
  readonly setup: Database;
  close(): void;
}

async function openEmbedded(tables: readonly Table[], log: Log): Promise<Opened> {
  const setup = await createEmbeddedDatabase();
  return { call: completeEmbedded(setup, tables, log), setup, close() {} };
}

function openRemote(url: string, region: string): Opened {
  const { call, close } = createRemoteDatabase(url, region);
  return { call, setup: call, close };
}

async function listen(listener: RequestListener, port: number): Promise<DynamoDb> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: KEEP_ALIVE_MS + 5_000 }, listener);
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
