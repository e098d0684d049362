import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  createGate,
  createStack,
  openClient,
  rawRequest,
  startTestGateway,
  stopAll,
  type TestFunction,
  type TestGateway,
  until,
  webSocketApi,
} from '../fixture.ts';
import { BINARY, CLOSE, CONTINUATION, frame, PING, TEXT } from './frames.ts';

const UPGRADE = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';

function start(
  options: Parameters<typeof startTestGateway>[2] = {},
  c: TestFunction = () => ({ statusCode: 200 }),
): Promise<TestGateway> {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  return startTestGateway(stack, { c }, { ...options, quotas: { connectsPerSecond: 10_000, ...options.quotas } });
}

function head(line: string, headers: readonly string[]): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n`;
}

/** A TCP connection on which nothing reads frames but the test. */
async function rawUpgrade({ websocket }: TestGateway): Promise<Socket> {
  const socket = connect(Number(new URL(websocket).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(head('GET /dev HTTP/1.1', [...UPGRADE, KEY]));
  await once(socket, 'data');
  return socket;
}

/** The gateway holds nothing any more, and still works. */
async function expectEmpty(test: TestGateway): Promise<void> {
  await until(() => test.gateway.control.connections().length === 0 && test.clock.pending() === 0);
  const client = await openClient(test.websocket);
  client.socket.close();
  await client.closed;
}

describe('hostile WebSocket clients', () => {
  afterEach(stopAll);

  it('get a clear status for a malformed upgrade, and no function runs', async () => {
    const test = await start();
    const malformed: [string, string, readonly string[]][] = [
      ['400', 'GET /dev HTTP/1.1', UPGRADE],
      ['400', 'GET /dev HTTP/1.1', [...UPGRADE, 'Sec-WebSocket-Key: short']],
      ['400', 'GET /dev HTTP/1.1', [...UPGRADE, 'Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==']],
      ['400', 'GET /dev HTTP/1.1', [...UPGRADE, KEY, KEY]],
      ['400', 'GET /dev HTTP/1.1', [...UPGRADE.slice(0, 2), 'Upgrade: h2c', KEY]],
      ['426', 'GET /dev HTTP/1.1', [...UPGRADE.slice(0, 3), 'Sec-WebSocket-Version: 8', KEY]],
      ['426', 'GET /dev HTTP/1.1', [...UPGRADE.slice(0, 3), KEY]],
      ['405', 'POST /dev HTTP/1.1', [...UPGRADE, KEY, 'Content-Length: 0']],
      ['403', 'GET //dev HTTP/1.1', [...UPGRADE, KEY]],
      ['403', 'GET /../dev HTTP/1.1', [...UPGRADE, KEY]],
      ['403', 'GET /dev/../dev HTTP/1.1', [...UPGRADE, KEY]],
      ['403', 'GET /dev%00 HTTP/1.1', [...UPGRADE, KEY]],
      ['403', 'GET /d%C3%A9v HTTP/1.1', [...UPGRADE, KEY]],
      ['403', 'GET /%E0%A4%A HTTP/1.1', [...UPGRADE, KEY]],
      ['400', 'GET /de\0v HTTP/1.1', [...UPGRADE, KEY]],
      ['400', 'GET /dev HTTP/1.1', [...UPGRADE, KEY, 'Bad Header: x']],
      ['414', `GET /dev?${'x'.repeat(5_000)} HTTP/1.1`, [...UPGRADE, KEY]],
      ['431', 'GET /dev HTTP/1.1', [...UPGRADE, KEY, `X-Giant: ${'x'.repeat(70_000)}`]],
    ];
    for (const [status, line, headers] of malformed) {
      const answer = await rawRequest(test.websocket, head(line, headers));
      expect(answer.split('\r\n', 1)[0], `${line.slice(0, 40)} ${headers.at(-1)?.slice(0, 40)}`).to.match(
        new RegExp(`^HTTP/1.1 ${status} `),
      );
    }
    expect(test.invoker.events).to.deep.equal([]);
    await expectEmpty(test);
  });

  it('are dropped when they send their headers a byte at a time', async () => {
    const test = await start({ quotas: { headersMs: 100, requestMs: 100 } });
    expect(await rawRequest(test.websocket, 'GET /dev HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')).to.match(
      /^HTTP\/1.1 408 /,
    );
    await expectEmpty(test);
  });

  it('are held back, not stored, when they flood a handshake that is not answered yet', async () => {
    const gate = createGate();
    const test = await start({}, async () => {
      await gate.opened;
      return { statusCode: 200 };
    });
    const socket = connect(Number(new URL(test.websocket).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(head('GET /dev HTTP/1.1', [...UPGRADE, KEY]));
    await until(() => test.invoker.eventsOf('c').length === 1);
    const flood = Buffer.alloc(64 * 1024 * 1024);
    socket.write(flood);
    // Nothing of it is read: what the kernel does not take stays with the client.
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(socket.writableLength).to.be.greaterThan(flood.length / 2);
    socket.destroy();
    gate.open();
    await until(() => test.invoker.eventsOf('x').length === 1);
    await expectEmpty(test);
  });

  it('are closed for what is no protocol, each with its code (WS-40, WS-41, WS-42, WS-62)', async () => {
    const halves = Buffer.from('é');
    const cases: [string, number, Buffer[]][] = [
      ['reserved bits', 1002, [frame('x', { reserved: 4 })]],
      ['a reserved data opcode', 1002, [frame('x', { opcode: 3 })]],
      ['a reserved control opcode', 1002, [frame('x', { opcode: 11 })]],
      ['no mask', 1002, [frame('x', { masked: false })]],
      ['an oversized control frame', 1002, [frame(126, { opcode: PING })]],
      ['a fragmented control frame', 1002, [frame(1, { opcode: PING, fin: false })]],
      ['a continuation of nothing', 1002, [frame('x', { opcode: CONTINUATION })]],
      ['a message inside a message', 1002, [frame('x', { fin: false }), frame('y')]],
      ['a close code that is none', 1002, [frame(Buffer.from([0x03, 0xe7]), { opcode: CLOSE })]],
      ['half a close code', 1002, [frame(1, { opcode: CLOSE })]],
      ['a close reason that is no text', 1007, [frame(Buffer.from([0x03, 0xe8, 0xff]), { opcode: CLOSE })]],
      ['text that is none', 1007, [frame(Buffer.from([0xc3, 0x28]))]],
      ['text that is none, in halves', 1007, [frame(halves.subarray(0, 1), { fin: false }), frame('x', { opcode: 0 })]],
      ['a binary frame', 1003, [frame('x', { opcode: BINARY })]],
      ['a binary message in fragments', 1003, [frame('x', { opcode: BINARY, fin: false }), frame('y', { opcode: 0 })]],
      ['a frame too long', 1009, [frame(32_769).subarray(0, 8)]],
      ['a length beyond reason', 1009, [Buffer.from([0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])]],
      ['fragments without end', 1009, [frame(32_000, { fin: false }), ...continuations(4, 32_000)]],
      ['empty fragments without end', 1008, [frame(0, { fin: false }), ...continuations(20_000, 0)]],
    ];
    for (const [name, code, frames] of cases) {
      const test = await start();
      const client = await openClient(test.websocket);
      client.socket.on('error', () => {});
      client.raw.write(Buffer.concat(frames));
      expect((await client.closed).code, name).to.equal(code);
      await until(() => test.invoker.eventsOf('x').length === 1);
      expect(test.invoker.eventsOf('x')[0]?.requestContext.disconnectStatusCode, name).to.equal(code);
      expect(test.invoker.eventsOf('d'), name).to.deep.equal([]);
      expect(
        test.log.some(({ message }) => message.includes(`closed: ${code} (`)),
        name,
      ).to.equal(true);
      await expectEmpty(test);
    }
  });

  it('may cut a character in two, and a message around control frames', async () => {
    const test = await start();
    const client = await openClient(test.websocket);
    const halves = Buffer.from('é');
    const first = frame(halves.subarray(0, 1), { opcode: TEXT, fin: false });
    client.raw.write(Buffer.concat([first, frame(3, { opcode: PING }), frame(halves.subarray(1), { opcode: 0 })]));
    await until(() => test.invoker.eventsOf('d').length === 1);
    expect(test.invoker.eventsOf('d')[0]?.body).to.equal('é');
  });

  it('do not fill memory with pongs that they never read', async () => {
    const test = await start({ quotas: { clientBufferBytes: 100_000 } });
    const socket = await rawUpgrade(test);
    socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(125, { opcode: PING })));
    const sent = 200;
    for (let turn = 0; turn < sent; turn++) {
      if (!socket.write(pings)) await once(socket, 'drain');
    }
    // Every ping was read: the connection is not stuck behind its pongs.
    socket.write(frame('still here'));
    await until(() => test.invoker.eventsOf('d').length === 1);
    let pongs = 0;
    socket.on('data', (bytes: Buffer) => {
      pongs += bytes.length;
    });
    socket.resume();
    socket.end(frame('', { opcode: CLOSE }));
    await once(socket, 'close');
    expect(pongs).to.be.greaterThan(0);
    expect(pongs).to.be.lessThan((pings.length * sent) / 2);
    await expectEmpty(test);
  });

  it('are let go when they close one half of the connection, or reset it (WS-62)', async () => {
    const test = await start();
    (await rawUpgrade(test)).end();
    (await rawUpgrade(test)).resetAndDestroy();
    await until(() => test.invoker.eventsOf('x').length === 2);
    const codes = test.invoker.eventsOf('x').map(({ requestContext }) => requestContext.disconnectStatusCode);
    expect(codes).to.deep.equal([1006, 1006]);
    await expectEmpty(test);
  });

  it('crash nothing with any bytes, and leave nothing behind', async () => {
    const test = await start();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }), async (writes) => {
        const socket = await rawUpgrade(test);
        for (const bytes of writes) socket.write(bytes);
        socket.resume();
        socket.end();
        await once(socket, 'close');
      }),
      { numRuns: 60 },
    );
    await expectEmpty(test);
    expect(test.log.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('crash nothing with any request head either', async () => {
    const test = await start();
    const part = fc.oneof(
      fc.constantFrom(...UPGRADE, KEY, 'GET /dev HTTP/1.1', 'GET /dev/@connections/x HTTP/1.1', ''),
      fc.string({ maxLength: 60, unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 8 }), async (lines) => {
        const socket = connect(Number(new URL(test.websocket).port), '127.0.0.1');
        socket.on('error', () => {});
        socket.resume();
        socket.end(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
        await once(socket, 'close');
      }),
      { numRuns: 60 },
    );
    await expectEmpty(test);
  });
});

function continuations(count: number, length: number): Buffer[] {
  const part = frame(length, { opcode: CONTINUATION, fin: false });
  return Array.from({ length: count }, () => part);
}
