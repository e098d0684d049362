import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { HeaderPair } from '../protocol/messages.ts';
import type { AnswerPiece, Clock, Rendezvous } from '../tunnel/ports.ts';
import { bytes, number, string } from './dynamodb-values.ts';

/** Pieces nobody fetched are of no use after any door's patience; TTL deletes them, late (DD-03). */
const KEEP_SECONDS = 300;

/** Sorts behind every part, so that whoever asks for parts from any number on also learns of an error. */
const ERROR_PART = 1_000_000_000;

/** `pending-requests`: an item a piece, under the request's id and the part's number; a piece is one message, so at most 128 KB. */
export function createPollRendezvous(client: DynamoDBClient, table: string, clock: Pick<Clock, 'now'>): Rendezvous {
  return {
    async put(requestId, piece) {
      const expiresAt = Math.floor(clock.now() / 1000) + KEEP_SECONDS;
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: { requestId: { S: requestId }, expiresAt: { N: String(expiresAt) }, ...itemOf(piece) },
        }),
      );
    },

    async *take(requestId, fromPart) {
      let from: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: 'requestId = :request AND #part >= :from',
            ExpressionAttributeNames: { '#part': 'part' },
            ExpressionAttributeValues: { ':request': { S: requestId }, ':from': { N: String(fromPart) } },
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        for (const item of page.Items ?? []) yield pieceOf(item);
        from = page.LastEvaluatedKey;
      } while (from);
    },
  };
}

function itemOf(piece: AnswerPiece): Record<string, AttributeValue> {
  switch (piece.kind) {
    case 'head':
      return {
        part: { N: '0' },
        status: { N: String(piece.status) },
        headers: { S: JSON.stringify(piece.headers) },
        body: { B: piece.body },
        more: { BOOL: piece.more },
      };
    case 'part':
      return {
        part: { N: String(piece.part) },
        body: { B: piece.body },
        ...(piece.totalBytes !== undefined && { totalBytes: { N: String(piece.totalBytes) } }),
      };
    case 'error':
      return { part: { N: String(ERROR_PART) }, code: { S: piece.code }, message: { S: piece.message } };
  }
}

function pieceOf(item: Record<string, AttributeValue>): AnswerPiece {
  const part = number(item, 'part');
  if (part === ERROR_PART) return { kind: 'error', code: string(item, 'code'), message: string(item, 'message') };
  if (part === 0) {
    return {
      kind: 'head',
      status: number(item, 'status'),
      headers: JSON.parse(string(item, 'headers')) as HeaderPair[],
      body: bytes(item, 'body'),
      more: item.more?.BOOL === true,
    };
  }
  return {
    kind: 'part',
    part,
    body: bytes(item, 'body'),
    ...(item.totalBytes && { totalBytes: number(item, 'totalBytes') }),
  };
}
