import { randomBytes } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CONNECTIONS, dynamodb, inSeconds } from './clients.ts';
import type { WebSocketEvent } from './events.ts';

const TWO_HOURS = 7_200;

/** Registers the connection under a new tunnel id. */
export async function handler({ requestContext }: WebSocketEvent) {
  const tunnelId = randomBytes(6).toString('hex');
  const Item = {
    connectionId: { S: requestContext.connectionId },
    tunnelId: { S: tunnelId },
    publicUrl: { S: `${process.env.PUBLIC_URL}/${tunnelId}` },
    createdAt: inSeconds(0),
    ttl: inSeconds(TWO_HOURS),
  };
  await dynamodb.send(new PutItemCommand({ TableName: CONNECTIONS, Item }));
  return { statusCode: 200 };
}
