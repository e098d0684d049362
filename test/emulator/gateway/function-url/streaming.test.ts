import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Gateway, type GatewayOptions, startGateway } from '../../../../emulator/gateway/gateway.ts';
import { DEFAULT_QUOTAS, type Quotas } from '../../../../emulator/gateway/quotas.ts';
import { createCredentialStore } from '../../../../emulator/iam/credentials.ts';
import type { LambdaOptions } from '../../../../emulator/lambda/create-lambda.ts';
import { systemClock } from '../../../../emulator/stack/clock.ts';
import type { LogEntry } from '../../../../emulator/stack/log.ts';
import { createStreams } from '../../../../emulator/stack/random.ts';
import type { FunctionUrl, InvokePermission, LambdaFunction } from '../../../../emulator/stack/stack.ts';
import { startFunction, stopAll } from '../../lambda/fixture.ts';
import { createStack, rawRequest, stopAll as stopSockets, until } from '../fixture.ts';

interface Given {
  readonly fn?: Partial<LambdaFunction>;
  readonly lambda?: Partial<LambdaOptions>;
  readonly url?: Partial<FunctionUrl>;
  readonly quotas?: Partial<Quotas>;
  readonly switches?: GatewayOptions['switches'];
}

const gateways: Gateway[] = [];

/** A function behind a URL that streams, in a worker of its own, and the gateway's log. */
async function start(source: string, { fn: changes, lambda: options, url, quotas, switches }: Given = {}) {
  const lambda = startFunction(source, { ...options, ...(changes && { fn: changes }) });
  const own: FunctionUrl = { logicalId: 'AppUrl', urlId: 'a'.repeat(32), authorization: 'NONE', streams: true, ...url };
  const fn = { ...lambda.fn, url: own };
  const open = { logicalId: 'P', functionArn: fn.arn, principal: '*' };
  const permissions: InvokePermission[] = [
    { ...open, action: 'lambda:InvokeFunctionUrl', functionUrlAuthType: 'NONE' },
    { ...open, action: 'lambda:InvokeFunction', viaFunctionUrl: true },
  ];
  const log: LogEntry[] = [];
  const gateway = await startGateway({
    stack: { ...createStack({}, permissions), functions: [fn] },
    invoker: lambda,
    clock: systemClock,
    log: (entry) => log.push(entry),
    randomOf: createStreams(1),
    ports: { http: 0, websocket: 0 },
    quotas: { ...DEFAULT_QUOTAS, ...quotas },
    ...(switches && { switches }),
    faults: {},
    credentials: createCredentialStore([fn], '123456789012', 1),
  });
  gateways.push(gateway);
  return { lambda, log, address: gateway.urls.functions?.[fn.name] ?? '' };
}

/** A streaming handler with this body, told `event`, `stream` and `context`. */
function streaming(body: string): string {
  return `const { setTimeout: sleep } = require('node:timers/promises');
    exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} });`;
}

const FROM = 'stream = awslambda.HttpResponseStream.from(stream, ';

/** Sends a request; the answer is there when its head is. */
async function open(address: string, method = 'GET', headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const sent = request(address, { method, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

/** The body as far as it came, and whether it came to its end. */
async function read(response: IncomingMessage): Promise<{ readonly body: Buffer; readonly whole: boolean }> {
  const slices: Buffer[] = [];
  try {
    for await (const slice of response) slices.push(slice as Buffer);
  } catch {}
  return { body: Buffer.concat(slices), whole: response.complete };
}

async function text(response: IncomingMessage): Promise<string> {
  return (await read(response)).body.toString();
}

describe('function URLs that stream (LA-12)', () => {
  afterEach(async () => {
    await stopSockets();
    await Promise.all([...gateways.splice(0).map((gateway) => gateway.stop()), stopAll()]);
  });

  it('send status and headers when they are known, and each part when it is there', async () => {
    const { address } = await start(`
      const fs = require('node:fs');
      const turn = async (file) => { while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 2)); };
      exports.handler = awslambda.streamifyResponse(async ({ queryStringParameters: { file } }, stream) => {
        ${FROM}{ statusCode: 202, headers: { 'Content-Type': 'text/event-stream', 'x-mine': 'é' }, cookies: ['a=1', 'b=2'] });
        stream.write('');
        for (let n = 0; n < 3; n++) { await turn(file + n); stream.write('data: ' + n + '\\n\\n'); }
        stream.end();
      });`);
    const folder = mkdtempSync(join(tmpdir(), 'postern-stream-'));
    try {
      const response = await open(`${address}/?file=${folder}/turn`);
      expect(response.statusCode).to.equal(202);
      expect(response.headers).to.include({
        'content-type': 'text/event-stream',
        'x-mine': 'é',
        'transfer-encoding': 'chunked',
      });
      expect(response.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
      expect(response.headers['x-amzn-requestid']).to.match(/^[0-9a-f-]{36}$/);
      expect(response.headers).not.to.have.property('content-length');
      for (const n of [0, 1, 2]) {
        writeFileSync(`${folder}/turn${n}`, '');
        const [part] = (await once(response, 'data')) as [Buffer];
        expect(part.toString()).to.equal(`data: ${n}\n\n`);
      }
      await once(response, 'end');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('send bytes as they are, whole', async () => {
    const { address } = await start(
      streaming(`
        const bytes = Buffer.alloc(3_000_000);
        for (let n = 0; n < bytes.length; n++) bytes[n] = n * 31 + (n >> 8);
        await require('node:stream/promises').pipeline(require('node:stream').Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]), stream);`),
    );
    const { body, whole } = await read(await open(address));
    const expected = Buffer.alloc(3_000_000);
    for (let n = 0; n < expected.length; n++) expected[n] = n * 31 + (n >> 8);
    expect([whole, body.equals(expected)]).to.deep.equal([true, true]);
  });

  it('are 200 and of no known type where the function names none, and also where it writes nothing', async () => {
    const source = streaming(`
      if (event.rawPath === '/typed') stream.setContentType('text/plain');
      if (event.rawPath === '/empty') ${FROM}{ statusCode: 403 });
      if (event.rawPath !== '/empty') stream.write('x');
      stream.end();`);
    const { address } = await start(source);
    for (const [path, type, body] of [
      ['/', 'application/octet-stream', 'x'],
      ['/typed', 'text/plain', 'x'],
      ['/empty', 'application/octet-stream', ''],
    ] as const) {
      const response = await open(address + path);
      expect([response.statusCode, response.headers['content-type'], await text(response)]).to.deep.equal([
        200,
        type,
        body,
      ]);
    }
  });

  it('have no body for HEAD, 204 and 304, whatever the function writes', async () => {
    const { address } = await start(
      streaming(`${FROM}{ statusCode: Number(event.rawPath.slice(1)) }); stream.write('body'); stream.end('more');`),
    );
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      const response = await open(`${address}/${status}`, method);
      expect([response.statusCode, await text(response)]).to.deep.equal([status, '']);
      expect('transfer-encoding' in response.headers).to.equal(method === 'HEAD');
    }
    expect(await text(await open(`${address}/200`))).to.equal('bodymore');
  });

  it('end with the connection for HTTP/1.0, which knows no parts', async () => {
    const { address } = await start(streaming(`stream.write('one'); await sleep(1); stream.end('two');`));
    const answer = await rawRequest(address, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n');
    expect(answer).to.match(/\r\n\r\nonetwo$/);
    expect(answer).not.to.match(/transfer-encoding/i);
  });

  it('are 502 where the function fails before its answer begins, or its metadata is none', async () => {
    const { address, log } = await start(
      streaming(`
        if (event.rawPath === '/throws') throw new Error('secret detail');
        if (event.rawPath === '/hangs') await new Promise(() => {});
        if (event.rawPath === '/status') ${FROM}{ statusCode: 1000 });
        else if (event.rawPath === '/halfway') { ${FROM}{}); stream._onBeforeFirstWrite = (write) => write('{'); }
        else stream.setContentType('application/vnd.awslambda.http-integration-response');
        stream.write(event.rawPath === '/long' ? 'x'.repeat(20_000) : 'body');
        if (event.rawPath === '/halfway') throw new Error('secret detail');
        stream.end();`),
      { fn: { timeoutMs: 300 } },
    );
    for (const path of ['/throws', '/hangs', '/status', '/halfway', '/none', '/long']) {
      const response = await open(address + path);
      expect([response.statusCode, await text(response)], path).to.deep.equal([502, 'Internal Server Error']);
      expect(log.at(-1), path).to.include({ level: 'error' });
    }
  });

  it('break off where the function fails, exits or runs out of time after that', async () => {
    const { address, log } = await start(
      streaming(`
        ${FROM}{ statusCode: 200 }); stream.write('half');
        if (event.rawPath === '/throws') throw new Error('no luck');
        if (event.rawPath === '/exits') { await sleep(20); process.exit(1); }
        if (event.rawPath === '/hangs') await new Promise(() => {});
        stream.end();`),
      { fn: { timeoutMs: 300 } },
    );
    for (const [path, why] of [
      ['/throws', 'no luck'],
      ['/exits', 'Runtime.ExitError'],
      ['/hangs', 'Task timed out after 0.30 seconds'],
    ] as const) {
      const response = await open(address + path);
      const { body, whole } = await read(response);
      expect([response.statusCode, body.toString(), whole], path).to.deep.equal([200, 'half', false]);
      await until(() => log.at(-1)?.message.includes(why) === true);
      expect(log.at(-1)?.message).to.include('it failed after its answer had begun');
    }
    expect((await read(await open(`${address}/well`))).whole).to.equal(true);
  });

  it('break off beyond the largest answer, while the function goes on', async () => {
    const { address, log, lambda } = await start(
      streaming(
        `for (let n = 0; n < 100; n++) stream.write(Buffer.alloc(1_000)); stream.end(); console.log('written');`,
      ),
      { quotas: { streamBytes: 50_000 } },
    );
    const { body, whole } = await read(await open(address));
    expect(body.length).to.be.at.most(50_000);
    expect(whole).to.equal(false);
    await until(() => lambda.log.some(({ message }) => message.includes('written')));
    await until(() => log.some(({ message }) => message.includes('larger than 50000 bytes')));
    const { address: roomier } = await start(streaming(`stream.end(Buffer.alloc(50_000));`), {
      quotas: { streamBytes: 50_000 },
    });
    expect((await read(await open(roomier))).whole).to.equal(true);
  });

  it('make the function wait for a slow client, and go on without one that leaves (LA-13)', async () => {
    const { address, lambda, log } = await start(
      streaming(`
        const part = Buffer.alloc(64 * 1024);
        let waits = 0;
        for (let n = 0; n < 1_000; n++) {
          if (stream.write(part)) continue;
          if (++waits === 1) console.log('waits');
          await require('node:events').once(stream, 'drain');
        }
        stream.end();
        console.log('has ended');`),
      { quotas: { streamBurstBytes: 100 * 1024 * 1024 } },
    );
    const said = (what: string) => lambda.log.some(({ message }) => message.includes(what));
    const response = await open(address);
    await until(() => said('waits'), 5_000);
    expect(said('has ended'), 'nobody reads').to.equal(false);
    response.destroy();
    await until(() => said('has ended') && said('REPORT'), 5_000);
    await until(() => log.at(-1)?.message.includes(' left after ') === true);
  });

  it('read a result that is not streamed as any URL does, or take it as it stands', async () => {
    const source = `exports.handler = async () => ({ statusCode: 201, headers: { 'x-mine': 'yes' }, body: 'text' });`;
    const read200 = async (address: string) => {
      const response = await open(address);
      return [response.statusCode, response.headers['x-mine'], await text(response)];
    };
    expect(await read200((await start(source)).address)).to.deep.equal([201, 'yes', 'text']);
    const { address } = await start(source, { switches: { unstreamedResult: 'body' } });
    const whole = '{"statusCode":201,"headers":{"x-mine":"yes"},"body":"text"}';
    expect(await read200(address)).to.deep.equal([200, undefined, whole]);
  });

  it('show a buffered URL all that was streamed as one body', async () => {
    const { address } = await start(streaming(`${FROM}{ statusCode: 404 }); stream.write('x'); stream.end();`), {
      url: { streams: false },
    });
    const response = await open(address);
    expect([response.statusCode, await text(response)]).to.deep.equal([200, '{"statusCode":404}\0\0\0\0\0\0\0\0x']);
  });

  it('put their CORS in the place of the function’s, and say the root of the trace to both sides', async () => {
    const cors = {
      allowOrigins: ['*'],
      allowMethods: ['*'],
      allowHeaders: [],
      exposeHeaders: [],
      allowCredentials: false,
    };
    const { address } = await start(
      streaming(`
        ${FROM}{ headers: { 'access-control-allow-origin': 'https://theirs.example', 'x-trace': process.env._X_AMZN_TRACE_ID } });
        stream.write(event.headers['x-amzn-trace-id']); stream.end();`),
      { url: { cors } },
    );
    const response = await open(address, 'GET', { origin: 'https://a.example' });
    expect(response.headers['access-control-allow-origin']).to.equal('*');
    const root = await text(response);
    expect(root).to.match(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(response.headers['x-amzn-trace-id']).to.equal(root);
    expect(response.headers['x-trace']).to.match(new RegExp(`^${root};Parent=[0-9a-f]{16};Sampled=0$`));
  });
});
