import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { CONNECTIONS, dynamodb, inSeconds, PENDING, post } from './clients.ts';
import type { HttpEvent } from './events.ts';

/** The first pause between two looks; it doubles, up to the longest. Milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;
const PATIENCE_MS = 25_000;
const KEEP_SECONDS = 300;

const STATUSES: Readonly<Record<string, number>> = {
  invalid_request: 400,
  timeout: 504,
  local_service_unavailable: 503,
};

/** A visitor's request: finds the agent, leaves a row, posts, looks at the row until the answer is in it, and deletes it. */
export async function handler(event: HttpEvent) {
  const [, tunnelId = '', ...rest] = event.path.split('/');
  const connectionId = await findConnection(tunnelId);
  if (!connectionId) return { statusCode: 404, body: 'no such tunnel' };
  const requestId = randomUUID();
  const Item = { requestId: { S: requestId }, connectionId: { S: connectionId }, status: { S: 'pending' } };
  await dynamodb.send(new PutItemCommand({ TableName: PENDING, Item: { ...Item, ttl: inSeconds(KEEP_SECONDS) } }));
  await post(connectionId, {
    type: 'http_request',
    request_id: requestId,
    method: event.httpMethod,
    uri: `/${rest.join('/')}${queryOf(event)}`,
    headers: event.multiValueHeaders ?? {},
    body: event.isBase64Encoded ? event.body : Buffer.from(event.body ?? '').toString('base64'),
    timestamp: Date.now(),
  });
  const answer = await poll(requestId);
  await dynamodb.send(new DeleteItemCommand({ TableName: PENDING, Key: { requestId: { S: requestId } } }));
  if (answer === undefined) return { statusCode: 504, body: 'no answer' };
  if (answer.type === 'error') return { statusCode: STATUSES[answer.code] ?? 502, body: answer.code };
  return {
    statusCode: answer.status_code,
    multiValueHeaders: answer.headers,
    body: answer.body,
    isBase64Encoded: true,
  };
}

async function findConnection(tunnelId: string): Promise<string | undefined> {
  const { Items } = await dynamodb.send(
    new QueryCommand({
      TableName: CONNECTIONS,
      IndexName: 'tunnel-id-index',
      KeyConditionExpression: 'tunnelId = :tunnel',
      ExpressionAttributeValues: { ':tunnel': { S: tunnelId } },
      Limit: 1,
    }),
  );
  return Items?.[0]?.connectionId?.S;
}

async function poll(requestId: string) {
  const until = Date.now() + PATIENCE_MS;
  const command = new GetItemCommand({
    TableName: PENDING,
    Key: { requestId: { S: requestId } },
    ConsistentRead: true,
  });
  for (let pause = FIRST_PAUSE_MS; Date.now() < until; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const { Item } = await dynamodb.send(command);
    if (Item?.status?.S === 'completed') return JSON.parse(Item.responseData?.S ?? '{}');
    await sleep(pause);
  }
  return undefined;
}

function queryOf({ multiValueQueryStringParameters: parameters }: HttpEvent): string {
  const pairs = Object.entries(parameters ?? {}).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
}
