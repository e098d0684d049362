import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ProbeEntry } from './instruction.ts';

/** All records of one deployment are one collection; a test looks for its own by their tags. */
export const RUN = 'all';

/** Hands an entry to the test: to its recorder where there is one, else by the table. */
export async function record(entry: ProbeEntry): Promise<void> {
  const { RECORDER_URL, RECORDS_TABLE } = process.env;
  const body = JSON.stringify(entry);
  if (RECORDER_URL) {
    await fetch(RECORDER_URL, { method: 'POST', body });
    return;
  }
  const at = `${Date.now()}-${Math.random()}`;
  await new DynamoDBClient({}).send(
    new PutItemCommand({ TableName: RECORDS_TABLE, Item: { run: { S: RUN }, at: { S: at }, entry: { S: body } } }),
  );
}
