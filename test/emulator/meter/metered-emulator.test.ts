import { once } from 'node:events';
import { expect } from 'chai';
import WebSocket from 'ws';
import { type Emulator, startEmulator } from '../../../emulator/emulator.ts';
import { METER_PATH } from '../../../emulator/meter/meter-page.ts';
import type { Waterfall, WaterfallEntry } from '../../../emulator/meter/waterfall-line.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import type { Stack } from '../../../emulator/stack/stack.ts';
import { api, FUNCTION, load, removeFolders } from '../template/fixture.ts';

/** Characters in a frame, of which the gateway takes 32 KB (WS-41). */
const FRAME = 32_000;

const ANY = { http: 0, websocket: 0, lambda: 0, dynamodb: 0 };

/**
 * A tunnel in small: a request reads the agent's connection from the table, posts to it and polls until the answer is
 * there; a message writes the answer, twice where it is asked to, the second time in vain.
 */
const CODE = `
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require('@aws-sdk/client-apigatewaymanagementapi');
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');
const database = new DynamoDBClient({});
const TableName = process.env.TABLE;
const get = async (id, ConsistentRead = true) =>
  (await database.send(new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead }))).Item;
const put = (id, text, more) =>
  database.send(new PutItemCommand({ TableName, Item: { id: { S: id }, text: { S: text } }, ...more }));

exports.handler = async (event) => {
  const { eventType, connectionId, domainName, stage } = event.requestContext ?? {};
  if (eventType === 'CONNECT') await put('agent', connectionId);
  if (eventType === 'MESSAGE') {
    const { job, answer } = JSON.parse(event.body);
    await put(job, answer);
    const once = { ConditionExpression: 'attribute_not_exists(id)' };
    if (answer.startsWith('again')) await put(job, 'x'.repeat(1_500), once).catch(() => {});
  }
  if (eventType) return { statusCode: 200 };
  const agent = await get('agent', false);
  const client = new ApiGatewayManagementApiClient({ endpoint: process.env.MANAGEMENT });
  const job = 'job' + (event.rawPath ?? event.path);
  const Data = JSON.stringify({ job, wants: event.body ?? '' });
  await client.send(new PostToConnectionCommand({ ConnectionId: agent.text.S, Data }));
  for (;;) {
    const found = await get(job);
    if (found) return { statusCode: 200, body: found.text.S };
  }
};`;

function stackOf(): Stack {
  const prefixed = (prefix: string, resources: object) =>
    JSON.parse(JSON.stringify(resources).replace(/"(Api|Integration|Route|Stage)"/g, `"${prefix}$1"`));
  const webSocket = prefixed('Ws', api('WEBSOCKET', '$default'));
  return load({
    ...prefixed('Http', api('HTTP', '$default')),
    ...webSocket,
    WsConnect: { ...webSocket.WsRoute, Properties: { ...webSocket.WsRoute.Properties, RouteKey: '$connect' } },
    Allowed: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'App' },
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
      },
    },
    Things: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      },
    },
    App: {
      ...FUNCTION,
      Properties: {
        ...FUNCTION.Properties,
        Handler: 'index.handler',
        MemorySize: 256,
        Timeout: 20,
        Code: { ZipFile: CODE },
        Environment: {
          Variables: {
            TABLE: { Ref: 'Things' },
            MANAGEMENT: { 'Fn::Sub': 'https://${WsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev' },
          },
        },
      },
    },
  });
}

describe('the meter of a running emulator', () => {
  const leftovers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of leftovers.splice(0).reverse()) await stop();
    removeFolders();
  });

  async function start(): Promise<{ emulator: Emulator; ask(path: string, body?: string): Promise<Waterfall> }> {
    const told = new Map<string, (waterfall: Waterfall) => void>();
    const log = (entry: LogEntry) => {
      const { waterfall } = entry as Partial<WaterfallEntry>;
      if (waterfall) told.get(waterfall.subject)?.(waterfall);
    };
    const emulator = await startEmulator(stackOf(), { ports: ANY, traceField: 'job', log });
    leftovers.push(() => emulator.stop());
    const agent = new WebSocket(emulator.urls.websocket ?? '');
    leftovers.push(() => agent.terminate());
    agent.on('message', (data) => {
      const { job, wants } = JSON.parse(String(data));
      const answer = `${wants}:${'x'.repeat(Number(wants.split(' ')[1] ?? 0))}`;
      const text = JSON.stringify({ job, answer });
      for (let from = 0; from < text.length; from += FRAME) {
        agent.send(text.slice(from, from + FRAME), { fin: from + FRAME >= text.length });
      }
    });
    await once(agent, 'open');
    return {
      emulator,
      async ask(path, body) {
        const line = new Promise<Waterfall>((resolve) => told.set(`POST /dev${path}`, resolve));
        const response = await fetch(`${emulator.urls.http}/dev${path}`, { method: 'POST', body: body ?? '' });
        expect(response.status).to.equal(200);
        expect(await response.text()).to.match(new RegExp(`^${body ?? ''}:`));
        return line;
      },
    };
  }

  it('counts exactly what one request used, up to how often it polled', async () => {
    const { emulator, ask } = await start();
    emulator.resetMeter();
    const { usage, hops, ms, microDollars } = await ask('/a');
    expect(usage).to.include({ httpRequests: 1, messages: 2, invocations: 2, writeUnits: 1, connectionMinutes: 0 });
    // The agent's row is read at half a unit, each poll at one.
    expect(usage.readUnits % 1).to.equal(0.5);
    expect(usage.readUnits).to.be.at.least(1.5);
    expect((usage.arm64GbMs + usage.x86GbMs) * 4)
      .to.be.greaterThan(1)
      .and.satisfy(Number.isInteger);
    expect(usage.egressBytes).to.be.within(100, 1_000);
    expect(usage.logBytes).to.be.within(2 * 200, 2 * 500);
    expect(hops.map(({ name }) => name)).to.deep.equal([
      'door',
      hops[1]?.name,
      'table',
      'function',
      'post',
      'agent',
      'message',
      'rendezvous',
      'back',
    ]);
    expect(hops.reduce((total, hop) => total + hop.ms, 0)).to.be.closeTo(ms, 0.001);

    const whole = emulator.meter();
    expect(whole.requests).to.equal(1);
    // The agent's connection is the one thing that belongs to no request.
    expect(whole.usage).to.deep.equal({ ...usage, connectionMinutes: 1 });
    expect(whole.microDollars).to.be.closeTo(microDollars + 0.25, 1e-9);
  });

  it('bills messages and items by their size, and a write whose condition failed', async () => {
    const { ask } = await start();
    const { usage } = await ask('/b', 'again 33000');
    // One post, an answer of two units; 33 KB written, and an item of 1.5 KB that was not.
    expect(usage).to.include({ messages: 3, writeUnits: 33 + 2 });
  });

  it('keeps requests apart that are under way at once', async () => {
    const { emulator, ask } = await start();
    emulator.resetMeter();
    const sizes = [0, 2_000, 5_000, 9_000, 40_000, 70_000];
    const told = await Promise.all(sizes.map((size, at) => ask(`/c${at}`, `plain ${size}`)));
    told.forEach(({ usage, subject }, at) => {
      const { [at]: size = 0 } = sizes;
      const item =
        size + `plain ${size}:`.length + 'id'.length + 'text'.length + `job${subject.slice('POST '.length)}`.length;
      expect(usage.writeUnits, subject).to.equal(Math.ceil(item / 1_024));
      expect(usage, subject).to.include({ httpRequests: 1, invocations: 2 });
    });
    const { usage } = emulator.meter();
    const sum = (kind: keyof typeof usage) => told.reduce((total, each) => total + each.usage[kind], 0);
    for (const kind of ['messages', 'invocations', 'writeUnits', 'readUnits', 'egressBytes', 'logBytes'] as const) {
      expect(usage[kind], kind).to.equal(sum(kind));
    }
  });

  it('is read and reset over HTTP', async () => {
    const { emulator, ask } = await start();
    await ask('/d');
    const page = `${emulator.urls.lambda}${METER_PATH}`;
    const read = async (method: string) => (await (await fetch(page, { method })).json()) as { requests: number };
    expect((await read('DELETE')).requests).to.equal(1);
    expect((await read('GET')).requests).to.equal(0);
    expect((await fetch(page, { headers: { origin: 'https://example.com' } })).status).to.equal(403);
  });
});
