import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { DEVELOPER_CREDENTIALS } from '../iam/credentials.ts';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Answer, Call, Database } from './database.ts';

export interface RemoteDatabase {
  readonly call: Database;
  close(): void;
}

/**
 * A DynamoDB that runs already. Local ones want a signature but do not verify it; DynamoDB Local without `-sharedDb` keeps
 * a database for each access key and region, so all calls name the same.
 */
export function createRemoteDatabase(url: string, region: string): RemoteDatabase {
  const module = url.startsWith('https:') ? https : http;
  const agent = new module.Agent({ keepAlive: true });
  const scope = `${DEVELOPER_CREDENTIALS.accessKeyId}/20260101/${region}/dynamodb/aws4_request`;

  async function send(call: Call, again: boolean): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(call.text),
      'x-amz-target': `DynamoDB_20120810.${call.operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    };
    const request = module.request(url, { method: 'POST', headers, agent }).end(call.text);
    request.on('error', () => {}); // `once` tells of the first; one that comes later ends the answer's body too
    try {
      const [response]: IncomingMessage[] = await once(request, 'response');
      if (response === undefined) throw new Error('no answer');
      return { status: response.statusCode ?? 500, text: await text(response) };
    } catch (error) {
      // The database may close an idle connection just as it is used again.
      if (again && request.reusedSocket) return send(call, false);
      throw new EmulatorError({
        code: 'DATABASE_UNREACHABLE',
        cause: `No DynamoDB answers at ${url}: ${error instanceof Error ? error.message : error}`,
        cure: 'Start the database, correct the URL, or use the embedded one (dynamodb: embedded).',
      });
    }
  }

  return { call: (call) => send(call, true), close: () => agent.destroy() };
}
