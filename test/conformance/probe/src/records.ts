import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { RUN } from './record.ts';

/** Gives back what was recorded since `?since=` (epoch milliseconds), as JSON lines. */
export async function handler(event: { readonly queryStringParameters?: Readonly<Record<string, string>> }) {
  const entries: (string | undefined)[] = [];
  // A page ends after 1 MB.
  const pages = paginateQuery(
    { client: new DynamoDBClient({}) },
    {
      TableName: process.env.RECORDS_TABLE,
      ConsistentRead: true,
      KeyConditionExpression: '#run = :run AND #at >= :since',
      ExpressionAttributeNames: { '#run': 'run', '#at': 'at' },
      ExpressionAttributeValues: { ':run': { S: RUN }, ':since': { S: event.queryStringParameters?.since ?? '0' } },
    },
  );
  for await (const { Items = [] } of pages) entries.push(...Items.map((item) => item.entry?.S));
  return { statusCode: 200, body: entries.join('\n') };
}
