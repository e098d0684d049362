import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import { EmulatorError } from '../stack/emulator-error.ts';

export interface DynamoDbAnswer {
  readonly ok: boolean;
  readonly body: Record<string, unknown>;
  /** `ResourceInUseException` and the like; empty when `ok`. */
  readonly errorType: string;
}

/**
 * One call of DynamoDB's JSON protocol, on a connection of its own. Local databases want credentials, but look at none of
 * them: a fixed header does, and the emulator starts without loading the SDK.
 * @throws EmulatorError DATABASE_UNREACHABLE
 */
export async function callDynamoDb(url: string, region: string, action: string, body: object): Promise<DynamoDbAnswer> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${action}`,
    'x-amz-date': '20260101T000000Z',
    authorization: `AWS4-HMAC-SHA256 Credential=emulator/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
  };
  try {
    const { request } = url.startsWith('https:') ? https : http;
    const sent = request(url, { method: 'POST', headers, agent: false }).end(JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = (await json(response)) as Record<string, unknown>;
    const errorType = String(answer.__type ?? '').replace(/^.*#/, '');
    return { ok: response.statusCode === 200, body: answer, errorType };
  } catch (error) {
    throw new EmulatorError({
      code: 'DATABASE_UNREACHABLE',
      cause: `No DynamoDB answers at ${url}: ${error instanceof Error ? error.message : error}`,
      cure: 'Start the database, correct the URL, or use the embedded one (dynamodb: embedded).',
    });
  }
}
