import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { InvocationRecord } from '../../../emulator/stack/invoker.ts';
import { startFunction, stopAll } from './fixture.ts';

const TRACE = /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/;

describe('what an invocation was and took', () => {
  afterEach(stopAll);

  it('is told once for each, with the trace id that the function saw', async () => {
    const records: InvocationRecord[] = [];
    const lambda = startFunction(
      'exports.handler = async (e, { awsRequestId }) => [awsRequestId, process.env._X_AMZN_TRACE_ID];',
      {
        onInvoked: (record) => records.push(record),
      },
    );
    const seen = [await lambda.call(), await lambda.call()] as string[][];
    expect(records.map(({ requestId, traceId }) => [requestId, traceId])).to.deep.equal(seen);
    for (const [, traceId] of seen) expect(traceId).to.match(TRACE);
    expect(seen[0]?.[1]).not.to.equal(seen[1]?.[1]);
    const { name, arn } = lambda.fn;
    expect(records[0]).to.include({ functionName: name, functionArn: arn, memoryMb: 256 });
    const [cold, warm] = records;
    expect(cold?.initMs).to.be.greaterThan(0);
    expect(cold?.billedMs).to.equal(Math.ceil((cold?.durationMs ?? 0) + (cold?.initMs ?? 0)));
    expect(warm).not.to.have.property('initMs');
    expect(warm?.billedMs).to.equal(Math.ceil(warm?.durationMs ?? 0));
    expect(cold?.queuedMs, 'the start is waited for').to.be.at.least(cold?.initMs ?? 0);
  });

  it('is told of what fails, times out and does not load, and not of what is not invoked', async () => {
    const records: InvocationRecord[] = [];
    const source = `exports.handler = async (event) => {
      if (event.hang) await new Promise(() => setInterval(() => {}, 50));
      throw new Error('no luck');
    };`;
    const onInvoked = (record: InvocationRecord) => records.push(record);
    const lambda = startFunction(source, { onInvoked, fn: { timeoutMs: 100 } });
    await lambda.call();
    await lambda.call({ hang: true });
    expect(records).to.have.length(2);
    expect(records[1]?.durationMs).to.be.at.least(99);
    await startFunction('throw new Error("top");', { onInvoked }).call();
    expect(records).to.have.length(3);
    await startFunction('exports.handler = async () => 1;', { onInvoked, concurrency: 0 }).call();
    await lambda.invoke('arn:nobody', '{}');
    expect(records).to.have.length(3);
  });

  it('counts what was streamed to who takes streams, and nothing else', async () => {
    const records: InvocationRecord[] = [];
    const source =
      "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write('12345'); stream.end('67'); });";
    const { invoke, fn } = startFunction(source, { onInvoked: (record) => records.push(record) });
    await invoke(fn.arn, '{}', { sink: { open() {}, write: () => undefined } });
    await invoke(fn.arn, '{}');
    expect(records.map(({ streamedBytes }) => streamedBytes)).to.deep.equal([7, undefined]);
  });

  it('names its trace id in what the AWS SDK sends', async () => {
    const traces: unknown[] = [];
    const server = createServer(({ headers }, response) => {
      traces.push(headers['x-amzn-trace-id']);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const records: InvocationRecord[] = [];
    const source = `
      const { DynamoDBClient, ListTablesCommand } = require('@aws-sdk/client-dynamodb');
      exports.handler = async () => { await new DynamoDBClient({}).send(new ListTablesCommand({})); };`;
    const environment = { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` };
    const onInvoked = (record: InvocationRecord) => records.push(record);
    await startFunction(source, { onInvoked, fn: { environment } }).call();
    server.closeAllConnections();
    server.close();
    expect(traces).to.deep.equal([records[0]?.traceId]);
  });

  it('keeps a request id, and the root and sampling of a trace, that are given', async () => {
    const lambda = startFunction('exports.handler = async (e, c) => [c.awsRequestId, process.env._X_AMZN_TRACE_ID];');
    const root = 'Root=1-5759e988-bd862e3fe1be46a994272793';
    for (const [traceId, sampled] of [
      [root, 0],
      [`Self=1-2-3;${root};Parent=53995c3f42cd8ad8;Sampled=1`, 1],
    ] as const) {
      const result = await lambda.invoke(lambda.fn.arn, '{}', { requestId: 'r-1', traceId });
      const [requestId, seen] = result.kind === 'returned' ? JSON.parse(result.payload) : [];
      expect(requestId).to.equal('r-1');
      expect(seen).to.match(new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=${sampled}$`));
      expect(seen).not.to.include('53995c3f42cd8ad8');
    }
  });
});
