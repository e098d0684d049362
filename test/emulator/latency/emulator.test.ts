import { expect } from 'chai';
import { startEmulator } from '../../../emulator/emulator.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import { api, FUNCTION, load, removeFolders } from '../template/fixture.ts';

const ANY = { http: 0, websocket: 0, lambda: 0, dynamodb: 0 };

/** A timer may be early by as much as the clocks differ that it and we look at. */
const EARLY_MS = 2;

const READS_ONCE = `
const { DynamoDBClient, GetItemCommand } = require('@aws-sdk/client-dynamodb');
const database = new DynamoDBClient({});
exports.handler = async () => {
  await database.send(new GetItemCommand({ TableName: process.env.TABLE, Key: { id: { S: 'a' } } }));
  return { statusCode: 200 };
};`;

function stackOf() {
  return load({
    ...api('HTTP', '$default'),
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
        Timeout: 20,
        Code: { ZipFile: READS_ONCE },
        Environment: { Variables: { TABLE: { Ref: 'Things' } } },
      },
    },
  });
}

describe('an emulator with a latency profile', () => {
  const leftovers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of leftovers.splice(0).reverse()) await stop();
    removeFolders();
  });

  it('spends a function’s calls within its duration, and the way to it outside', async () => {
    const log: LogEntry[] = [];
    const emulator = await startEmulator(stackOf(), {
      ports: ANY,
      latency: { visitorNetwork: 40, invoke: 60, getItem: 50 },
      log: (entry) => log.push(entry),
    });
    leftovers.push(() => emulator.stop());
    const begun = performance.now();
    const { status } = await fetch(`${emulator.urls.http}/dev/`);
    const took = performance.now() - begun;

    expect(status).to.equal(200);
    const report = log.find(({ message }) => message.startsWith('REPORT'))?.message ?? '';
    const duration = Number(/\tDuration: ([\d.]+) ms/.exec(report)?.[1]);
    expect(duration, report).to.be.at.least(50 - EARLY_MS);
    expect(took - duration).to.be.at.least(40 + 60 - 3 * EARLY_MS);
  });

  it('starts environments as slowly as AWS does', async () => {
    const log: LogEntry[] = [];
    const emulator = await startEmulator(stackOf(), {
      ports: ANY,
      latency: { coldInit: 700, environmentStart: 100 },
      log: (entry) => log.push(entry),
    });
    leftovers.push(() => emulator.stop());
    expect((await fetch(`${emulator.urls.http}/dev/`)).status).to.equal(200);

    const report = log.find(({ message }) => message.startsWith('REPORT'))?.message ?? '';
    expect(Number(/Init Duration: ([\d.]+) ms/.exec(report)?.[1]), report).to.be.at.least(700);
  });
});
