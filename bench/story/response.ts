import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CONNECTIONS, dynamodb, PENDING, post } from './clients.ts';
import type { WebSocketEvent } from './events.ts';

/** Every message of an agent: its `ready`, and answers, which go to the row that the forward function looks at. */
export async function handler({ requestContext: { connectionId }, body = '{}' }: WebSocketEvent) {
  const message = JSON.parse(body);
  if (message.type === 'ready') await establish(connectionId);
  if (message.type === 'http_response' || message.type === 'error') await complete(message.request_id, body);
  return { statusCode: 200 };
}

async function establish(connectionId: string): Promise<void> {
  const Key = { connectionId: { S: connectionId } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: CONNECTIONS, Key }));
  await post(connectionId, {
    type: 'connection_established',
    connection_id: connectionId,
    tunnel_id: Item?.tunnelId?.S,
    public_url: Item?.publicUrl?.S,
  });
}

async function complete(requestId: string, answer: string): Promise<void> {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: PENDING,
      Key: { requestId: { S: requestId } },
      UpdateExpression: 'SET #status = :completed, responseData = :answer',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':completed': { S: 'completed' }, ':answer': { S: answer } },
    }),
  );
}
