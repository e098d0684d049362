import { EventEmitter } from 'node:events';
import { type Answer, type Call, type Database, failure } from './database.ts';
import { withinLimits } from './expression-limits.ts';

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  // dynalite wants a signature and looks at none.
  authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/a/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

/**
 * dynalite, in memory, gone with the process. Its HTTP server never listens: each call is handed to it as a request that
 * has arrived already, so that nothing is sent over a second connection.
 */
export async function createEmbeddedDatabase(): Promise<Database> {
  const { default: dynalite } = await import('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  function ask({ operation, text }: Call): Promise<Answer> {
    return new Promise((resolve) => {
      const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` };
      const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers });
      const response = {
        statusCode: 200,
        setHeader() {},
        end: (answer: string) => resolve({ status: response.statusCode, text: answer }),
      };
      try {
        server.emit('request', request, response);
        request.emit('data', text);
        request.emit('end');
      } catch (error) {
        // dynalite stumbles over some inputs that no SDK sends: `null` where an object belongs.
        resolve(failure('com.amazon.coral.service#InternalFailure', `dynalite: ${error}`, 500));
      }
    });
  }
  return async (call) => {
    const allowed = withinLimits(call);
    return 'status' in allowed ? allowed : ask(allowed);
  };
}
