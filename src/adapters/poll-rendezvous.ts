import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { BodyEncoding, HeaderPair } from '../protocol/messages.ts';
import type { AnswerPiece, Clock, Rendezvous } from '../tunnel/ports.ts';
import { bytes, number, string } from './dynamodb-values.ts';

/** Pieces nobody fetched are of no use after any door's patience; TTL deletes them, late (DD-03). */
const KEEP_SECONDS = 300;

/** What is no part sorts behind every part, so that whoever asks for parts from any number on learns of it too. */
const ERROR_PART = 1_000_000_000;
const ACCEPTED_PART = 1_000_000_001;
/** A credit's own number is added to it, so that none that comes late replaces a larger one. */
const FIRST_CREDIT_PART = 2_000_000_000;

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
        ...(piece.encoding && { encoding: { S: piece.encoding } }),
        ...(piece.storedBytes !== undefined && { storedBytes: { N: String(piece.storedBytes) } }),
      };
    case 'part':
      return {
        part: { N: String(piece.part) },
        body: { B: piece.body },
        ...(piece.totalBytes !== undefined && { totalBytes: { N: String(piece.totalBytes) } }),
        ...(piece.sha256 !== undefined && { sha256: { S: piece.sha256 } }),
      };
    case 'error':
      return { part: { N: String(ERROR_PART) }, code: { S: piece.code }, message: { S: piece.message } };
    case 'accepted':
      return { part: { N: String(ACCEPTED_PART) } };
    case 'credit':
      return { part: { N: String(FIRST_CREDIT_PART + piece.bytes) } };
  }
}

function pieceOf(item: Record<string, AttributeValue>): AnswerPiece {
  const part = number(item, 'part');
  if (part >= FIRST_CREDIT_PART) return { kind: 'credit', bytes: part - FIRST_CREDIT_PART };
  if (part === ACCEPTED_PART) return { kind: 'accepted' };
  if (part === ERROR_PART) return { kind: 'error', code: string(item, 'code'), message: string(item, 'message') };
  if (part === 0) {
    return {
      kind: 'head',
      status: number(item, 'status'),
      headers: JSON.parse(string(item, 'headers')) as HeaderPair[],
      body: bytes(item, 'body'),
      more: item.more?.BOOL === true,
      ...(item.encoding && { encoding: string(item, 'encoding') as BodyEncoding }),
      ...(item.storedBytes && { storedBytes: number(item, 'storedBytes') }),
    };
  }
  return {
    kind: 'part',
    part,
    body: bytes(item, 'body'),
    ...(item.totalBytes && { totalBytes: number(item, 'totalBytes') }),
    ...(item.sha256 && { sha256: string(item, 'sha256') }),
  };
}
