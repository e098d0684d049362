import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Instruction, ProbeNote } from './instruction.ts';
import { record } from './record.ts';

type Event = Readonly<Record<string, unknown>> & { readonly requestContext?: Readonly<Record<string, unknown>> };

/** Milliseconds that the module's own code takes (LA-10). */
const INIT_MS = Number(process.env.INIT_MS ?? 0);
if (INIT_MS > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, INIT_MS);

const environment = Math.random().toString(36).slice(2);
const loadedAt = Date.now();
let served = 0;
let counted = 0;

/** Tells what it received, then does as it was asked. */
export async function handler(event: Event, context: Readonly<Record<string, unknown>>): Promise<unknown> {
  served += 1;
  const asked = instructionOf(event);
  const { FROM_PROVIDER, OVERRIDDEN, AWS_REGION, AWS_LAMBDA_FUNCTION_NAME } = process.env;
  await record({
    kind: 'event',
    tag: asked.tag,
    functionName: String(context.functionName),
    event: asked.quiet ? {} : event,
    context: fieldsOf(context),
    variables: { FROM_PROVIDER, OVERRIDDEN, AWS_REGION, AWS_LAMBDA_FUNCTION_NAME },
    environment,
    served,
    loadedAt,
    counted,
  });
  return follow(asked, event);
}

/** The same with a callback: it answers at once, but has a timer left that the runtime waits for (LA-08). */
export function callbackHandler(
  event: Event,
  context: { callbackWaitsForEmptyEventLoop: boolean },
  callback: (error: unknown, result: unknown) => void,
): void {
  const { sleepMs = 0, tag, callBackAtOnce } = instructionOf(event);
  const startedAt = Date.now();
  if (callBackAtOnce) context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => record({ kind: 'note', tag, ...outcome('callback', 'ok', startedAt) }), sleepMs);
  callback(null, { statusCode: 200, body: 'called back' });
}

/**
 * Lets in whose `Auth` header begins with `allow`; `deny`, `unauthorized` and others as they say. Whatever the header, the
 * policy denies the route `ping` (WS-16). `allow-large` returns more than an authorizer may.
 */
export async function authorizer(event: Event & { readonly headers?: Readonly<Record<string, string>> }) {
  await record({
    kind: 'event',
    tag: instructionOf(event).tag,
    functionName: 'authorizer',
    event,
    context: {},
    variables: {},
    environment,
    served: ++served,
    loadedAt,
    counted,
  });
  const given = Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === 'auth')?.[1] ?? '';
  if (given === 'unauthorized') throw new Error('Unauthorized');
  if (given === 'broken') throw new Error('something else');
  return {
    principalId: 'somebody',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: given.startsWith('allow') ? 'Allow' : 'Deny',
          Resource: event.methodArn,
        },
        {
          Action: 'execute-api:Invoke',
          Effect: 'Deny',
          Resource: String(event.methodArn).replace(/[^/]*$/, 'ping'),
        },
      ],
    },
    context: { text: given === 'allow-large' ? 'x'.repeat(9_000) : 'value', number: 7, flag: true },
  };
}

async function follow(asked: Instruction, event: Event): Promise<unknown> {
  const self = String(event.requestContext?.connectionId ?? '');
  const post = (to: string, data: string, endpoint?: string) =>
    attempt('post', asked.tag, () => postTo(to === 'self' ? self : to, data, endpoint ?? managementEndpoint(event)));
  if (asked.sleepMs) await new Promise((resolve) => setTimeout(resolve, asked.sleepMs));
  if (asked.post) {
    const { to, data, scheme, endpoint = managementEndpoint(event) } = asked.post;
    await post(to, data, scheme === undefined ? endpoint : endpoint.replace(/^https?/, scheme));
  }
  for (const data of asked.postInTurn ?? []) await post('self', data);
  if (asked.useTable) await attempt('useTable', asked.tag, useTable);
  if (asked.keepCounting) setInterval(() => counted++, 10);
  if (asked.postAfterwards) {
    const { to, data } = asked.postAfterwards;
    setTimeout(() => post(to, data), 50);
  }
  if (asked.noteAfterwards) {
    const startedAt = Date.now();
    setTimeout(() => record({ kind: 'note', tag: asked.tag, ...outcome('afterwards', 'ok', startedAt) }), 50);
  }
  if (asked.hang) await new Promise(() => setInterval(() => {}, 1_000));
  if (asked.throw !== undefined) throw new Error(asked.throw);
  if (asked.exit !== undefined) process.exit(asked.exit);
  if (asked.bodyBytes !== undefined) return { statusCode: 200, body: 'x'.repeat(asked.bodyBytes) };
  return 'answer' in asked ? asked.answer : { statusCode: 200 };
}

async function postTo(connectionId: string, data: string, endpoint: string): Promise<void> {
  const client = new ApiGatewayManagementApiClient({ endpoint });
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(data) }));
}

async function useTable(): Promise<void> {
  const client = new DynamoDBClient({});
  const values = { ':run': { S: 'none' } };
  await client.send(
    new QueryCommand({
      TableName: process.env.RECORDS_TABLE,
      KeyConditionExpression: '#run = :run',
      ExpressionAttributeNames: { '#run': 'run' },
      ExpressionAttributeValues: values,
    }),
  );
}

async function attempt(about: ProbeNote['about'], tag: string | undefined, act: () => Promise<void>): Promise<void> {
  const startedAt = Date.now();
  try {
    await act();
    await record({ kind: 'note', tag, ...outcome(about, 'ok', startedAt) });
  } catch (error) {
    const { name, message } = error as Error;
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    await record({ kind: 'note', tag, ...outcome(about, name, startedAt), message, ...(status && { status }) });
  }
}

function outcome(about: ProbeNote['about'], name: string, startedAt: number) {
  return { about, name, message: '', ms: Date.now() - startedAt };
}

/** As AWS documents it: from the event's own domain and stage. */
function managementEndpoint({ requestContext }: Event): string {
  return process.env.MANAGEMENT_ENDPOINT || `https://${requestContext?.domainName}/${requestContext?.stage}`;
}

/** In the query `do` of a handshake, in `do` of a JSON message or of an event of one's own, in the header `x-do` of a request. */
function instructionOf(event: Event): Instruction {
  if (typeof event.do === 'object') return event.do as Instruction;
  const { eventType, connectionId } = event.requestContext ?? {};
  // Nothing of its own can be told to $disconnect: it is told beforehand, and its notes bear the connection's id.
  if (eventType === 'DISCONNECT' && process.env.AT_DISCONNECT) {
    return { ...(JSON.parse(process.env.AT_DISCONNECT) as Instruction), tag: String(connectionId) };
  }
  const query = event.queryStringParameters as Readonly<Record<string, string>> | null | undefined;
  const headers = Object.entries((event.headers ?? {}) as Readonly<Record<string, string>>);
  const header = headers.find(([name]) => name.toLowerCase() === 'x-do')?.[1];
  const encoded = query?.do ?? header;
  if (encoded !== undefined) return JSON.parse(Buffer.from(encoded, 'base64url').toString()) as Instruction;
  if (typeof event.body !== 'string' || event.requestContext?.connectionId === undefined) return {};
  try {
    return ((JSON.parse(event.body) as { do?: Instruction }).do ?? {}) as Instruction;
  } catch {
    return {};
  }
}

function fieldsOf(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    awsRequestId,
    functionName,
    functionVersion,
    invokedFunctionArn,
    memoryLimitInMB,
    logGroupName,
    logStreamName,
  } = context;
  const remaining = (context.getRemainingTimeInMillis as () => number)();
  return {
    awsRequestId,
    functionName,
    functionVersion,
    invokedFunctionArn,
    memoryLimitInMB,
    logGroupName,
    logStreamName,
    remaining,
  };
}
