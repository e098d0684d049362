import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { RUN } from './record.ts';

/** Gives back what was recorded since `?since=` (epoch milliseconds), as JSON lines. */
export async function handler(event: { readonly queryStringParameters?: Readonly<Record<string, string>> }) {
  const found = await new DynamoDBClient({}).send(
    new QueryCommand({
      TableName: process.env.RECORDS_TABLE,
      ConsistentRead: true,
      KeyConditionExpression: '#run = :run AND #at >= :since',
      ExpressionAttributeNames: { '#run': 'run', '#at': 'at' },
      ExpressionAttributeValues: { ':run': { S: RUN }, ':since': { S: event.queryStringParameters?.since ?? '0' } },
    }),
  );
  return { statusCode: 200, body: (found.Items ?? []).map((item) => item.entry?.S).join('\n') };
}
