import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Balance } from '../protocol/messages.ts';
import type { Tunnel, TunnelSession, TunnelStore } from '../tunnel/ports.ts';
import { isConditionFailure, number, string } from './dynamodb-values.ts';

/** The index that lists an owner's ids, by `reserved`. @see DD-01 */
const OWNER_INDEX = 'owner-index';

/** `tunnels`: one item an id; visitors' requests read it by key alone. Every write carries the version it was made from. */
export function createTunnelStore(client: DynamoDBClient, table: string): TunnelStore {
  return {
    async read(tunnelId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: { tunnelId: { S: tunnelId } }, ConsistentRead: true }),
      );
      return Item && tunnelOf(Item);
    },

    async write(tunnel) {
      const first = tunnel.version === 1;
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: itemOf(tunnel),
            ConditionExpression: first ? 'attribute_not_exists(tunnelId)' : '#version = :before',
            ...(!first && {
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':before': { N: String(tunnel.version - 1) } },
            }),
          }),
        );
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },

    async ofOwner(owner, limit) {
      const ids: string[] = [];
      let from: Record<string, AttributeValue> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            IndexName: OWNER_INDEX,
            KeyConditionExpression: '#owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': { S: owner } },
            ScanIndexForward: false,
            Limit: limit - ids.length,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        ids.push(...Items.map((item) => string(item, 'tunnelId')));
        from = LastEvaluatedKey;
      } while (from && ids.length < limit);
      return ids;
    },
  };
}

function itemOf({ tunnelId, owner, sessions, balance, version, expiresAt }: Tunnel): Record<string, AttributeValue> {
  return {
    tunnelId: { S: tunnelId },
    owner: { S: owner },
    sessions: { M: Object.fromEntries(Object.entries(sessions).map(([id, session]) => [id, sessionItem(session)])) },
    balance: { S: balance },
    version: { N: String(version) },
    // What has no time to live is never deleted. The index sorts by a number, and lists what has one alone.
    reserved: { N: expiresAt === undefined ? '1' : '0' },
    ...(expiresAt !== undefined && { expiresAt: { N: String(expiresAt) } }),
  };
}

function sessionItem({ connectionId, epoch, protocol, until, since, awaySince }: TunnelSession): AttributeValue {
  return {
    M: {
      connectionId: { S: connectionId },
      epoch: { N: String(epoch) },
      protocol: { N: String(protocol) },
      until: { N: String(until) },
      since: { N: String(since) },
      ...(awaySince !== undefined && { awaySince: { N: String(awaySince) } }),
    },
  };
}

function tunnelOf(item: Record<string, AttributeValue>): Tunnel {
  return {
    tunnelId: string(item, 'tunnelId'),
    owner: string(item, 'owner'),
    sessions: Object.fromEntries(
      Object.entries(item.sessions?.M ?? {}).map(([id, value]) => [id, sessionOf(value.M ?? {})]),
    ),
    balance: string(item, 'balance') as Balance,
    version: number(item, 'version'),
    ...(item.expiresAt && { expiresAt: number(item, 'expiresAt') }),
  };
}

function sessionOf(item: Record<string, AttributeValue>): TunnelSession {
  return {
    connectionId: string(item, 'connectionId'),
    epoch: number(item, 'epoch'),
    protocol: number(item, 'protocol') === 2 ? 2 : 1,
    until: number(item, 'until'),
    since: number(item, 'since'),
    ...(item.awaySince && { awaySince: number(item, 'awaySince') }),
  };
}
