import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { CONNECTIONS, dynamodb } from './clients.ts';
import type { WebSocketEvent } from './events.ts';

export async function handler({ requestContext }: WebSocketEvent) {
  const Key = { connectionId: { S: requestContext.connectionId } };
  await dynamodb.send(new DeleteItemCommand({ TableName: CONNECTIONS, Key }));
  return { statusCode: 200 };
}
