import type { AnswerMessage } from '../protocol/messages.ts';
import type { AnswerPiece } from './ports.ts';

/** What an agent's message is to whoever waits for the answer. */
export function pieceOf(message: AnswerMessage): AnswerPiece {
  switch (message.type) {
    case 'http_response':
      return {
        kind: 'head',
        status: message.status,
        headers: message.headers,
        body: message.body,
        more: message.more,
        ...(message.encoding && { encoding: message.encoding }),
        ...(message.storedBytes !== undefined && { storedBytes: message.storedBytes }),
      };
    case 'response_part':
      return {
        kind: 'part',
        part: message.part,
        body: message.body,
        ...(message.totalBytes !== undefined && { totalBytes: message.totalBytes }),
        ...(message.sha256 !== undefined && { sha256: message.sha256 }),
      };
    case 'accepted':
      return { kind: 'accepted' };
    case 'credit':
      return { kind: 'credit', bytes: message.bytes };
    case 'error':
      return { kind: 'error', code: message.code, message: message.message };
  }
}
