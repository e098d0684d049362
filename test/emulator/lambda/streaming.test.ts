import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { ResponseSink } from '../../../emulator/stack/invoker.ts';
import { until } from '../gateway/fixture.ts';
import { startFunction, stopAll, type TestLambda } from './fixture.ts';

/** Long enough for a worker that is not frozen to do a lot; nothing is waited for but that nothing happens. */
const A_WHILE_MS = 150;

interface TestSink extends ResponseSink {
  contentType?: string;
  readonly parts: Buffer[];
  readonly text: string;
}

/** Takes what comes; with `hold`, no part is taken before the promise that it gives resolves. */
function createSink(hold?: (part: Uint8Array) => Promise<void> | undefined): TestSink {
  const parts: Buffer[] = [];
  return {
    parts,
    get text() {
      return Buffer.concat(parts).toString();
    },
    open(contentType) {
      this.contentType = contentType;
    },
    write(part) {
      parts.push(Buffer.from(part));
      return hold?.(part);
    },
  };
}

/** A streaming handler with this body, told `event`, `stream` and `context`. */
function startStreaming(body: string, options: Parameters<typeof startFunction>[1] = {}): TestLambda {
  return startFunction(
    `let calls = 0; const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
     exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { calls++; ${body} });`,
    options,
  );
}

describe('streaming handlers (LA-12)', () => {
  afterEach(stopAll);

  it('answer in parts, as they write them, with the type they set', async () => {
    const { invoke, fn } = startStreaming(`
      stream.setContentType('text/event-stream');
      for (const text of ['one', 'two', { three: 3 }, new Uint8Array([33])]) { stream.write(text); await sleep(1); }
      stream.end('done');`);
    const sink = createSink();
    expect(await invoke(fn.arn, '{}', { sink })).to.deep.equal({ kind: 'returned', payload: '' });
    expect(sink.contentType).to.equal('text/event-stream');
    expect(sink.parts.map(String)).to.deep.equal(['one', 'two', '{"three":3}', '!', 'done']);
  });

  it('may name a status, before eight zero bytes, with the first write', async () => {
    const { invoke, fn } = startStreaming(`
      stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, cookies: ['a=1'] });
      if (event.write) stream.write('body');
      stream.end(event.end);`);
    const type = 'application/vnd.awslambda.http-integration-response';
    for (const [event, text] of [
      [{ write: true }, '{"statusCode":201,"cookies":["a=1"]}\0\0\0\0\0\0\0\0body'],
      [{}, ''],
      [{ end: 'only' }, 'only'],
    ] as const) {
      const sink = createSink();
      await invoke(fn.arn, JSON.stringify(event), { sink });
      expect([sink.contentType, sink.text]).to.deep.equal([type, text]);
    }
  });

  it('are told to wait while nobody takes what they write, and hold little between the threads', async () => {
    const lambda = startStreaming(`
      const part = Buffer.alloc(64 * 1024);
      let isFree;
      for (let n = 0; n < 64; n++) isFree = stream.write(part);
      console.log(JSON.stringify({ isFree, held: stream.writableLength / part.length }));
      await require('node:events').once(stream, 'drain');
      stream.end();`);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sink = createSink(() => released);
    const result = lambda.invoke(lambda.fn.arn, '{}', { sink });
    await until(() => lambda.log.some(({ message }) => message.includes('held')));
    const said = lambda.log.find(({ message }) => message.includes('held'))?.message;
    expect(JSON.parse(said ?? ''), 'half a MB is on its way').to.deep.equal({ isFree: false, held: 56 });
    expect(sink.parts, 'one is being taken').to.have.length(1);
    release();
    expect((await result).kind).to.equal('returned');
    expect(Buffer.concat(sink.parts).length).to.equal(64 * 64 * 1024);
  });

  it('are free to go on while what they write is taken', async () => {
    const { invoke, fn } = startStreaming(`
      const isFree = stream.write('x');
      await sleep(1);
      stream.end(String([isFree, stream.writableLength, stream.writableNeedDrain]));`);
    const sink = createSink();
    await invoke(fn.arn, '{}', { sink });
    expect(sink.text).to.equal('xtrue,0,false');
  });

  it('keep their own bytes, which they may use again', async () => {
    const { invoke, fn } = startStreaming(`
      const bytes = new Uint8Array(200_000).fill(1);
      const whole = () => new Promise((resolve) => stream.write(bytes, resolve));
      await whole(); bytes.fill(2); await whole();
      stream.end();`);
    const sink = createSink();
    await invoke(fn.arn, '{}', { sink });
    const all = Buffer.concat(sink.parts);
    expect([all.length, all.indexOf(2)]).to.deep.equal([400_000, 200_000]);
  });

  it('stand still when the stream has ended and the handler is done, and not before', async () => {
    const lambda = startFunction(`
      let ticks = 0; setInterval(() => { ticks++; }, 2);
      exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        const before = ticks;
        stream.write(JSON.stringify({ before })); stream.end();
        while (ticks < before + 10) await new Promise((resolve) => setTimeout(resolve, 2));
        console.log('ticks ' + ticks);
      });`);
    const first = createSink();
    await lambda.invoke(lambda.fn.arn, '{}', { sink: first });
    const after = Number(/ticks (\d+)/.exec(lambda.log.map(({ message }) => message).join('\n'))?.[1]);
    await pause(A_WHILE_MS);
    const second = createSink();
    await lambda.invoke(lambda.fn.arn, '{}', { sink: second });
    expect(after).to.be.at.least(10);
    expect(JSON.parse(second.text).before, 'frozen in between').to.be.at.most(after + 3);
  });

  it('fail by what they throw, after what they had written; the environment serves on', async () => {
    const { invoke, fn } = startStreaming(`
      if (event.write) stream.write('half ' + calls);
      throw new TypeError('no luck');`);
    for (const [event, opened, text] of [
      [{}, undefined, ''],
      [{ write: true }, 'application/octet-stream', 'half 2'],
    ] as const) {
      const sink = createSink();
      const result = await invoke(fn.arn, JSON.stringify(event), { sink });
      expect(result).to.deep.equal({ kind: 'failed', errorType: 'TypeError', errorMessage: 'no luck' });
      expect([sink.contentType, sink.text]).to.deep.equal([opened, text]);
    }
  });

  it('fail where they destroy their stream, are not async, or set a type too late', async () => {
    const { invoke, fn } = startFunction(`
      exports.handler = awslambda.streamifyResponse((event, stream) => {
        if (event === 'plain') return 1;
        if (event === 'destroyed') return (async () => { stream.write('x'); stream.destroy(); })();
        if (event === 'broken') return (async () => { stream.destroy(new Error('of mine')); })();
        return (async () => { stream.write('x'); stream.setContentType('a/b'); })();
      });`);
    for (const [event, message] of [
      ['plain', 'Streaming does not support non-async handlers.'],
      ['destroyed', 'Response stream is not finished.'],
      ['broken', 'of mine'],
      ['late', 'Cannot set content-type, too late.'],
    ] as const) {
      const result = await invoke(fn.arn, JSON.stringify(event), { sink: createSink() });
      expect(result, event).to.include({ kind: 'failed', errorMessage: message });
    }
  });

  it('wait for their time to be over where they end nothing, as a stream that nobody ends is not done', async () => {
    const { invoke, fn } = startStreaming(`stream.write('x');`, { fn: { timeoutMs: 150 } });
    const sink = createSink();
    expect(await invoke(fn.arn, '{}', { sink })).to.include({ errorType: 'Sandbox.Timedout' });
    expect(sink.text).to.equal('x');
  });

  it('end at their timeout, by a crash and by an exit, also while nobody takes what they wrote', async () => {
    for (const [then, errorType] of [
      ['await new Promise(() => {});', 'Sandbox.Timedout'],
      ['process.exit(3);', 'Runtime.ExitError'],
      ['setImmediate(() => { throw new RangeError("later"); }); await sleep(1_000);', 'RangeError'],
    ] as const) {
      const { invoke, fn } = startStreaming(`stream.write('x'); await sleep(5); ${then}`, { fn: { timeoutMs: 200 } });
      const result = await invoke(fn.arn, '{}', { sink: createSink(() => new Promise(() => {})) });
      expect(result).to.include({ kind: 'failed', errorType });
    }
  });

  it('count as under way until they end (LA-06)', async () => {
    const { invoke, fn } = startStreaming(`stream.write('x'); stream.end();`, { concurrency: 1 });
    let release = () => {};
    let opened = () => {};
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const sink = createSink(() => {
      opened();
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const first = invoke(fn.arn, '{}', { sink });
    await isOpen;
    expect(await invoke(fn.arn, '{}')).to.include({ kind: 'throttled' });
    release();
    expect(await first).to.include({ kind: 'returned' });
    expect(await invoke(fn.arn, '{}')).to.deep.equal({ kind: 'returned', payload: 'x' });
  });

  it('answer who takes no streams with the whole, metadata and all, up to 6,291,556 bytes (LA-04)', async () => {
    const { invoke, fn } = startStreaming(`
      stream = awslambda.HttpResponseStream.from(stream, { statusCode: 404 });
      for (let left = event.bytes; left > 0; left -= 1_000_000) stream.write('é'.repeat(Math.min(left, 1_000_000) / 2));
      stream.end();`);
    expect(await invoke(fn.arn, '{"bytes":4}')).to.deep.equal({
      kind: 'returned',
      payload: '{"statusCode":404}\0\0\0\0\0\0\0\0éé',
    });
    const most = 6_291_556 - '{"statusCode":404}'.length - 8;
    expect((await invoke(fn.arn, JSON.stringify({ bytes: most }))).kind).to.equal('returned');
    expect(await invoke(fn.arn, JSON.stringify({ bytes: most + 2 }))).to.include({
      errorType: 'Function.ResponseSizeTooLarge',
    });
  });

  it('may take three arguments on nodejs24.x, which has no callbacks', async () => {
    const lambda = startStreaming(`stream.end('x');`, { fn: { runtime: 'nodejs24.x' } });
    expect(await lambda.invoke(lambda.fn.arn, '{}')).to.include({ payload: 'x' });
  });

  it('warn of a value that they return, and of none else', async () => {
    const lambda = startStreaming(`stream.end('x'); return event.value;`);
    await lambda.invoke(lambda.fn.arn, '{}');
    const warned = () =>
      lambda.log.filter(({ message }) => message.includes('Streaming handlers ignore return values.'));
    expect(warned()).to.have.length(0);
    await lambda.invoke(lambda.fn.arn, '{"value":1}');
    expect(warned()).to.have.length(1);
  });

  it('need the global awslambda, which a function may refuse', async () => {
    const environment = { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: '1' };
    const { call } = startFunction('exports.handler = async () => typeof awslambda;', { fn: { environment } });
    expect(await call()).to.equal('undefined');
  });

  it('leave what does not stream as it is, with a sink or without', async () => {
    const { invoke, fn } = startFunction('exports.handler = async () => ({ statusCode: 200 });');
    const sink = createSink();
    expect(await invoke(fn.arn, '{}', { sink })).to.deep.equal({ kind: 'returned', payload: '{"statusCode":200}' });
    expect(sink.contentType).to.equal(undefined);
  });
});
