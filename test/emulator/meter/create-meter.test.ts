import { expect } from 'chai';
import { createMeter, type MeterOptions } from '../../../emulator/meter/create-meter.ts';
import { answerMeterPage, METER_PATH } from '../../../emulator/meter/meter-page.ts';
import type { MeteredInvocation } from '../../../emulator/meter/metering.ts';
import type { WaterfallEntry } from '../../../emulator/meter/waterfall-line.ts';
import type { InvocationRecord } from '../../../emulator/stack/invoker.ts';
import { NO_USAGE } from '../../../src/prices.ts';

const root = (n: number) => `Root=1-65c66b0f-${String(n).padStart(24, '0')}`;
const PARENT = 'Parent=00000000000000aa';
const ANSWER = { subject: 'GET /x', status: 200, gatewayBills: true, requestBytes: 0, responseBytes: 100 };

function setUp(options: Partial<MeterOptions> = {}) {
  const lines: WaterfallEntry[] = [];
  let time = 0;
  const meter = createMeter({
    log: (entry) => lines.push(entry as WaterfallEntry),
    now: () => time,
    traceField: 'id',
    architectureOf: () => 'arm64',
    ...options,
  });
  return { meter, lines, at: (ms: number) => (time = ms) };
}

/** What Lambda tells of an invocation that has ended just now. */
function recordOf({ options }: MeteredInvocation, more: Partial<InvocationRecord> = {}): InvocationRecord {
  const { requestId = '', traceId = '' } = options;
  const names = { functionName: 'app', functionArn: 'arn', requestId, traceId: `${traceId};${PARENT};Sampled=0` };
  return { ...names, memoryMb: 1_024, queuedMs: 0, durationMs: 1, billedMs: 1, ...more };
}

describe('the meter', () => {
  it('counts a request by its units: requests of 512 KB, bytes out', () => {
    const { meter } = setUp();
    meter.requestArrived(undefined, root(1)).answered({ ...ANSWER, requestBytes: 600_000, responseBytes: 1_000 });
    meter.requestArrived(undefined, root(2)).answered({ ...ANSWER, gatewayBills: false });
    expect(meter.read()).to.deep.include({
      requests: 2,
      usage: { ...NO_USAGE, httpRequests: 2, egressBytes: 1_100 },
    });
    expect(meter.read().bill.httpRequests).to.equal(2);
    expect(meter.read().microDollars).to.be.closeTo(2 + 0.099, 1e-9);
  });

  it('counts messages of 32 KB in both directions, and bytes out only where they leave AWS', () => {
    const { meter } = setUp();
    meter.messageReceived('x'.repeat(40_000));
    const bytes = new Uint8Array(70_000);
    meter.postBegins(undefined)({ bytes, inRegion: false });
    meter.postBegins(undefined)({ bytes, inRegion: true });
    meter.postBegins(undefined)();
    meter.messageReceived('{}').replied({ bytes: new Uint8Array(10), inRegion: false });
    expect(meter.read().usage).to.deep.equal({ ...NO_USAGE, messages: 2 + 3 + 3 + 1 + 1, egressBytes: 70_010 });
  });

  it('rounds minutes up for each connection, those still open included', () => {
    const { meter, at } = setUp();
    const first = meter.connectionOpened();
    meter.connectionOpened();
    at(61_000);
    first();
    first();
    expect(meter.read().usage.connectionMinutes).to.equal(4);
    meter.reset();
    at(61_001);
    expect(meter.read().usage.connectionMinutes).to.equal(1);
  });

  it('counts functions with memory, billed time and the lines they log, and the table by its units', () => {
    const { meter } = setUp();
    meter.invoked(recordOf({ options: {}, ended() {} }, { memoryMb: 256, billedMs: 8 }));
    meter.logged('four');
    meter.tableCallBegins(undefined)({ read: 0.5, write: 0 });
    meter.tableCallBegins('nonsense')({ read: 0, write: 3 });
    const { usage } = meter.read();
    expect(usage).to.deep.equal({
      ...NO_USAGE,
      invocations: 1,
      arm64GbMs: 2,
      logBytes: 5,
      readUnits: 0.5,
      writeUnits: 3,
    });
  });

  it('tells of each request apart, however they interleave: by header, by message, by invocation id', () => {
    const { meter, lines, at } = setUp();
    const begun = [1, 2, 3].map((n) => {
      const request = meter.requestArrived(undefined, root(n));
      return { n, request, door: request.invocationBegins() };
    });
    for (const { n } of begun) {
      const posted = meter.postBegins(`${root(n)};${PARENT};Sampled=0`);
      posted({
        bytes: Buffer.from(JSON.stringify({ id: `value ${n}`, fill: 'x'.repeat(n * 32_768) })),
        inRegion: false,
      });
    }
    at(10);
    // Answered in another order than asked.
    const messages = [...begun].reverse().map(({ n }) => {
      const invocation = meter.messageReceived(JSON.stringify({ id: `value ${n}` })).invocationBegins();
      meter.logged(`START RequestId: ${invocation.options.requestId} Version: $LATEST`);
      for (let write = 0; write < n; write += 1)
        meter.tableCallBegins(`${invocation.options.traceId};${PARENT}`)({ read: 0, write: 1 });
      return invocation;
    });
    at(20);
    for (const { request, door } of begun) {
      meter.invoked(recordOf(door, { durationMs: 20 }));
      door.ended();
      request.answered(ANSWER);
    }
    expect(lines, 'messages still run').to.deep.equal([]);
    for (const message of messages) {
      meter.invoked(recordOf(message));
      message.ended();
    }
    expect(lines.map(({ waterfall }) => [waterfall.traceId.at(-1), waterfall.usage.writeUnits])).to.deep.equal([
      ['3', 3],
      ['2', 2],
      ['1', 1],
    ]);
    for (const { waterfall } of lines) {
      const n = waterfall.usage.writeUnits;
      expect(waterfall.usage).to.include({ httpRequests: 1, messages: n + 2, invocations: 2, arm64GbMs: 2 });
      expect(waterfall.usage.logBytes).to.be.greaterThan(0);
    }
    const summed = lines.reduce((total, { waterfall }) => total + waterfall.microDollars, 0);
    expect(summed).to.be.closeTo(meter.read().microDollars, 1e-9);
  });

  it('writes the line of a request at once where no message is under way, as words and as fields', () => {
    const { meter, lines, at } = setUp();
    const request = meter.requestArrived(undefined, root(1));
    at(1);
    const door = request.invocationBegins();
    at(4);
    meter.invoked(recordOf(door, { queuedMs: 1, initMs: 1, durationMs: 2, billedMs: 2 }));
    door.ended();
    at(5);
    request.answered(ANSWER);
    const [line] = lines;
    expect(line?.message).to.equal(
      'GET /x 200: 5.0 ms = door 1.0 + cold 1.0 + function 2.0 + back 1.0; ' +
        '1.24 µ$ = 1 HTTP request + 1 invocation + 2.0 GB-ms + 100 bytes out',
    );
    expect(line).to.deep.include({ level: 'info', source: 'meter' });
    expect(line?.waterfall).to.deep.include({ traceId: '1-65c66b0f-000000000000000000000001', status: 200, ms: 5 });
  });

  it('takes the X-Ray root that a visitor names, unless another request has it', () => {
    const { meter } = setUp();
    const named = () => meter.requestArrived(`${root(7)};Sampled=1`, root(1)).invocationBegins().options.traceId;
    expect(named()).to.equal(root(7));
    expect(named()).to.equal(root(1));
    expect(meter.requestArrived('Root=nonsense', root(2)).invocationBegins().options.traceId).to.equal(root(2));
  });

  it('keeps a value with the request that had it first', () => {
    const { meter, lines } = setUp();
    const [first, second] = [meter.requestArrived(undefined, root(1)), meter.requestArrived(undefined, root(2))];
    for (const n of [1, 2]) meter.postBegins(root(n))({ bytes: Buffer.from('{"id":"same"}'), inRegion: true });
    meter.messageReceived('{"id":"same"}');
    first.answered(ANSWER);
    second.answered(ANSWER);
    expect(lines.map(({ waterfall }) => waterfall.usage.messages)).to.deep.equal([2, 1]);
  });

  it('ties nothing across the WebSocket where no field is named', () => {
    const { meter, lines } = setUp({ traceField: undefined } as Partial<MeterOptions>);
    const request = meter.requestArrived(undefined, root(1));
    meter.postBegins(root(1))({ bytes: Buffer.from('{"id":"a"}'), inRegion: true });
    expect(meter.messageReceived('{"id":"a"}').invocationBegins().options).to.deep.equal({});
    request.answered(ANSWER);
    expect(lines[0]?.waterfall.usage.messages).to.equal(1);
    expect(meter.read().usage.messages).to.equal(2);
  });

  it('bills nothing for a request that was turned away or left', () => {
    const { meter, lines } = setUp();
    meter.requestArrived(undefined, root(1)).unbilled();
    expect(meter.read()).to.deep.include({ requests: 0, usage: NO_USAGE });
    meter.requestArrived(undefined, root(2)).unbilled(70);
    expect(meter.read()).to.deep.include({ requests: 0, usage: { ...NO_USAGE, egressBytes: 70 } });
    expect(lines).to.deep.equal([]);
  });

  it('keeps a bounded number of requests in mind, and none for longer than it is told', () => {
    const { meter, at } = setUp({ mostTraces: 100, keptMs: 1_000 });
    for (let n = 0; n < 5_000; n += 1) {
      const request = meter.requestArrived(undefined, root(n));
      const bytes = Buffer.from(`{"id":"value ${n}"}`);
      for (let post = 0; post < 3; post += 1) meter.postBegins(root(n))({ bytes, inRegion: true });
      request.answered(ANSWER);
    }
    expect(meter.traceCount).to.equal(100);
    expect(meter.messageReceived('{"id":"value 10"}').invocationBegins().options, 'forgotten').to.deep.equal({});
    expect(meter.messageReceived('{"id":"value 4999"}').invocationBegins().options.traceId).to.equal(root(4_999));
    at(1_000);
    meter.requestArrived(undefined, root(5_000));
    expect(meter.traceCount).to.equal(1);
    expect(meter.read().requests).to.equal(5_000);
  });

  it('tells what it knows of a request that it forgets while a message is under way', () => {
    const { meter, lines, at } = setUp({ keptMs: 1_000 });
    const request = meter.requestArrived(undefined, root(1));
    request.invocationBegins();
    request.answered(ANSWER);
    at(1_000);
    meter.requestArrived(undefined, root(2));
    expect(lines).to.have.length(1);
  });

  it('has a page: GET reads, DELETE reads and resets, and no web page may', () => {
    const { meter } = setUp();
    meter.messageReceived('x');
    const ask = (method: string, headers = {}) => answerMeterPage({ method, path: METER_PATH, headers }, meter);
    const messages = (method: string) => JSON.parse(ask(method)?.body ?? '').usage.messages;
    expect(ask('GET', { origin: 'https://example.com' })?.status).to.equal(403);
    expect(ask('POST')?.status).to.equal(405);
    expect([messages('GET'), messages('DELETE'), messages('GET')]).to.deep.equal([1, 1, 0]);
    expect(answerMeterPage({ method: 'GET', path: '/', headers: {} }, meter)).to.equal(undefined);
  });
});
