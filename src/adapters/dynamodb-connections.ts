import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Connection, ConnectionStore } from '../tunnel/ports.ts';
import { isConditionFailure, number, string } from './dynamodb-values.ts';

/** The index that lists a tunnel's connections. @see DD-01 */
const TUNNEL_ID_INDEX = 'tunnel-id-index';

/** `connections`: one item a WebSocket. */
export function createConnectionStore(client: DynamoDBClient, table: string): ConnectionStore {
  return {
    async add({ connectionId, connectedAt, expiresAt, subject }) {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            connectionId: { S: connectionId },
            connectedAt: { N: String(connectedAt) },
            expiresAt: { N: String(expiresAt) },
            ...(subject !== undefined && { subject: { S: subject } }),
          },
        }),
      );
    },

    async read(connectionId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { connectionId: { S: connectionId } }, ConsistentRead: true }),
      );
      return Item && connectionOf(Item);
    },

    async attach(connectionId, { tunnelId, sessionId, protocol }) {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { connectionId: { S: connectionId } },
            ConditionExpression:
              'attribute_exists(connectionId) AND (attribute_not_exists(tunnelId) OR tunnelId = :tunnel)',
            UpdateExpression: 'SET tunnelId = :tunnel, sessionId = :session, protocol = :protocol',
            ExpressionAttributeValues: {
              ':tunnel': { S: tunnelId },
              ':session': { S: sessionId },
              ':protocol': { N: String(protocol) },
            },
          }),
        );
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },

    async remove(connectionId) {
      const { Attributes } = await client.send(
        new DeleteItemCommand({
          TableName: table,
          Key: { connectionId: { S: connectionId } },
          ReturnValues: 'ALL_OLD',
        }),
      );
      return Attributes && connectionOf(Attributes);
    },

    async ofTunnel(tunnelId) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: TUNNEL_ID_INDEX,
          KeyConditionExpression: 'tunnelId = :tunnel',
          ExpressionAttributeValues: { ':tunnel': { S: tunnelId } },
        }),
      );
      return Items.map(connectionOf);
    },
  };
}

function connectionOf(item: Record<string, AttributeValue>): Connection {
  return {
    connectionId: string(item, 'connectionId'),
    connectedAt: number(item, 'connectedAt'),
    expiresAt: number(item, 'expiresAt'),
    ...(item.subject && { subject: string(item, 'subject') }),
    ...(item.tunnelId && {
      attached: {
        tunnelId: string(item, 'tunnelId'),
        sessionId: string(item, 'sessionId'),
        protocol: number(item, 'protocol') === 2 ? 2 : 1,
      },
    }),
  };
}
