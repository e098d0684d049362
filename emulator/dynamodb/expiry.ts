import type { Clock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import type { Table } from '../stack/stack.ts';
import { bodyOf, callOf, type Database, objectsIn } from './database.ts';

export interface ExpiryOptions {
  readonly database: Database;
  readonly tables: readonly Table[];
  /** Milliseconds after its time that an item is still there. */
  readonly delayMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between two rounds: as the delay, within these. */
const ROUNDS_MS = { least: 1_000, most: 30_000 };

/**
 * Deletes items whose time to live has passed, late, as DynamoDB does (DD-03). The embedded database knows no time to live,
 * and keeps everything in memory.
 * @returns what ends it
 */
export function startExpiry(options: ExpiryOptions): () => void {
  const { clock, log } = options;
  const roundMs = Math.min(ROUNDS_MS.most, Math.max(ROUNDS_MS.least, options.delayMs));
  let cancel = clock.after(roundMs, round);
  let stopped = false;

  async function round(): Promise<void> {
    try {
      await deleteExpired(options);
    } catch (error) {
      if (!stopped)
        log({ level: 'warn', source: 'dynamodb', message: `expired items stay: ${error}`, behaviour: 'DD-03' });
    }
    if (!stopped) cancel = clock.after(roundMs, round);
  }

  return () => {
    stopped = true;
    cancel();
  };
}

/** One round over every table that has a time to live. */
export async function deleteExpired({ database, tables, delayMs, clock }: Omit<ExpiryOptions, 'log'>): Promise<void> {
  const before = Math.floor((clock.now() - delayMs) / 1_000);
  for (const { name, ttlAttribute, keySchema } of tables) {
    if (ttlAttribute === undefined) continue;
    const keyNames = Object.fromEntries(keySchema.map((key, at) => [`#k${at}`, key.name]));
    const expired = { names: { '#ttl': ttlAttribute }, values: { ':before': { N: String(before) } } };
    let from: unknown;
    do {
      const scan = callOf('Scan', {
        TableName: name,
        ProjectionExpression: Object.keys(keyNames).join(', '),
        FilterExpression: '#ttl < :before',
        ExpressionAttributeNames: { ...keyNames, ...expired.names },
        ExpressionAttributeValues: expired.values,
        ...(from !== undefined && { ExclusiveStartKey: from }),
      });
      const body = bodyOf(await database(scan));
      for (const Key of objectsIn(body.Items)) {
        // Only if it is still expired: somebody may have renewed it since.
        const deletion = callOf('DeleteItem', {
          TableName: name,
          Key,
          ConditionExpression: '#ttl < :before',
          ExpressionAttributeNames: expired.names,
          ExpressionAttributeValues: expired.values,
        });
        await database(deletion);
      }
      from = body.LastEvaluatedKey;
    } while (from !== undefined);
  }
}
