import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export const dynamodb = new DynamoDBClient({});
const management = new ApiGatewayManagementApiClient({ endpoint: process.env.WEBSOCKET_API_ENDPOINT ?? '' });

export const CONNECTIONS = process.env.CONNECTIONS_TABLE;
export const PENDING = process.env.PENDING_REQUESTS_TABLE;

export async function post(connectionId: string, message: object): Promise<void> {
  const command = new PostToConnectionCommand({
    ConnectionId: connectionId,
    Data: Buffer.from(JSON.stringify(message)),
  });
  await management.send(command);
}

/** Epoch seconds as DynamoDB keeps numbers. */
export function inSeconds(seconds: number): { readonly N: string } {
  return { N: String(Math.floor(Date.now() / 1_000) + seconds) };
}
