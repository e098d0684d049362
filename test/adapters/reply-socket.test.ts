import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';
import { createReplySocket } from '../../src/adapters/reply-socket.ts';
import { randomBytes, systemClock } from '../../src/adapters/system.ts';
import { encode } from '../../src/protocol/codec.ts';
import type { AnswerPiece, PostResult } from '../../src/tunnel/ports.ts';

const ID = '0b8f6c52-93d1-4e07-9c2a-7f1d5be0a364';

/** A gateway of which nothing is needed but that it accepts, tells a connection its id, and posts to it. */
async function startGateway() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const connections: WebSocket[] = [];
  const passes: (string | undefined)[] = [];
  const posted: string[] = [];
  let refusing = false;
  let mute = false;
  server.options.verifyClient = () => !refusing;
  server.on('connection', (socket, request) => {
    passes.push(request.headers.authorization);
    const at = connections.push(socket) - 1;
    socket.on('message', (data) => {
      if (String(data) !== encode({ type: 'reply_ready' })) throw new Error(`a function said ${data}`);
      socket.send(encode({ type: 'reply_connection', connectionId: `R${at}=` }));
    });
  });
  return {
    endpoint: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/dev`,
    connections,
    passes,
    posted,
    refuse: (yes: boolean) => {
      refusing = yes;
    },
    /** Half-open: posts are taken and go nowhere. */
    silence: () => {
      mute = true;
    },
    async post(connectionId: string, text: string): Promise<PostResult> {
      const socket = connections[Number(/\d+/.exec(connectionId))];
      posted.push(text);
      if (socket?.readyState !== socket?.OPEN) return 'gone';
      if (!mute) socket?.send(text);
      return 'sent';
    },
    stop: () => {
      for (const socket of connections) socket.terminate();
      server.close();
    },
  };
}

describe('createReplySocket', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let now: number;

  beforeEach(async () => {
    gateway = await startGateway();
    now = Date.now();
  });
  afterEach(() => gateway.stop());

  function start({ renewAfterSeconds = 6_600 } = {}) {
    const lines: string[] = [];
    const socket = createReplySocket({
      endpoint: gateway.endpoint,
      pass: async () => `Reply ${gateway.passes.length}`,
      post: gateway.post,
      renewAfterSeconds,
      clock: { now: () => now, sleep: systemClock.sleep },
      randomBytes,
      log: (_level, event) => lines.push(event),
    });
    return { socket, lines };
  }

  function accepted(): string {
    return encode({ type: 'accepted', requestId: ID, sessionId: 'q'.repeat(22) });
  }

  /** What is heard of one request, and when the connection is lost. */
  function listen(socket: ReturnType<typeof start>['socket']) {
    const pieces: AnswerPiece[] = [];
    let lost: () => void = () => {};
    let heard: () => void = () => {};
    const whenLost = new Promise<void>((resolve) => {
      lost = resolve;
    });
    const whenHeard = new Promise<void>((resolve) => {
      heard = resolve;
    });
    socket.listen(ID, {
      heard(piece) {
        pieces.push(piece);
        heard();
      },
      lost,
    });
    return { pieces, whenLost, whenHeard };
  }

  it('opens a connection when it is first asked for, by its pass, and none before', async () => {
    const { socket } = start();
    expect(gateway.passes).to.deep.equal([]);
    expect(socket.current()).to.equal(undefined);
    await socket.opened(5_000);
    expect(socket.current()).to.equal('R0=');
    expect(gateway.passes).to.deep.equal(['Reply 0']);
  });

  it('hands what comes to whoever waits for it, and nothing to others', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    const { pieces, whenHeard } = listen(socket);
    await gateway.post('R0=', encode({ type: 'accepted', requestId: 'another', sessionId: 'q'.repeat(22) }));
    await gateway.post('R0=', 'no JSON');
    await gateway.post('R0=', accepted());
    await whenHeard;
    expect(pieces).to.deep.equal([{ kind: 'accepted' }]);
  });

  it('says at once when the connection closes, and opens the next when it is asked for', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    const { whenLost } = listen(socket);
    gateway.connections[0]?.close(1001, 'Going away');
    await whenLost;
    expect(socket.current()).to.equal(undefined);
    await socket.opened(5_000);
    expect(socket.current()).to.equal('R1=');
  });

  it('needs no proof while something has come within five seconds', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    now += 4_900;
    expect(socket.current()).to.equal('R0=');
    expect(gateway.posted).to.deep.equal([]);
  });

  it('proves a connection that has been silent, by a message to itself (LA-02)', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    now += 60_000;
    expect(socket.current()).to.equal('R0=');
    expect(await socket.prove()).to.equal(true);
    expect(gateway.posted).to.have.lengthOf(1);
    socket.current();
    expect(gateway.posted).to.have.lengthOf(1);
  });

  it('gives up one that is half-open, and tells whoever waits (WS-49)', async () => {
    const { socket, lines } = start();
    await socket.opened(5_000);
    const { whenLost } = listen(socket);
    gateway.silence();
    now += 60_000;
    expect(socket.current()).to.equal('R0=');
    await whenLost;
    expect(lines).to.deep.equal(['the connection for answers was dead']);
  });

  it('gives up one that died unnoticed, when its proof gets 410', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    const { whenLost } = listen(socket);
    gateway.connections[0]?.terminate();
    expect(await socket.prove()).to.equal(false);
    await whenLost;
  });

  it('takes a proof that has come while the function was frozen (LA-02)', async () => {
    const server = new Worker(
      `const { WebSocketServer } = require('ws');
      const { parentPort } = require('node:worker_threads');
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      server.on('listening', () => parentPort.postMessage(server.address().port));
      server.on('connection', (socket) => {
        socket.on('message', () => socket.send(JSON.stringify({ type: 'reply_connection', connection_id: 'R=' })));
        parentPort.on('message', (text) => setTimeout(() => socket.send(text), 50));
      });`,
      { eval: true },
    );
    try {
      const [port] = await once(server, 'message');
      const socket = createReplySocket({
        endpoint: `ws://127.0.0.1:${port}`,
        pass: async () => 'Reply',
        async post(_connectionId, text) {
          server.postMessage(text);
          return 'sent';
        },
        renewAfterSeconds: 6_600,
        clock: systemClock,
        randomBytes,
        log() {},
      });
      await socket.opened(5_000);
      const proof = socket.prove();
      // The post has been answered; then this thread stands still for longer than a proof may take.
      await new Promise(setImmediate);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      expect(await proof).to.equal(true);
    } finally {
      await server.terminate();
    }
  });

  it('takes a message of anybody for proof, so that an answer in time needs no other', async () => {
    const { socket } = start();
    await socket.opened(5_000);
    gateway.silence();
    const proof = socket.prove();
    gateway.connections[0]?.send(accepted());
    expect(await proof).to.equal(true);
  });

  it('opens the next before the two hours end, and keeps the old one for what is under way (WS-47)', async () => {
    const { socket } = start({ renewAfterSeconds: 100 });
    await socket.opened(5_000);
    const { pieces, whenHeard } = listen(socket);
    now += 101_000;
    expect(socket.current()).to.equal('R0=');
    while (gateway.connections.length < 2) await new Promise(setImmediate);
    const [old] = gateway.connections;
    expect(old?.readyState).to.equal(old?.OPEN);
    await gateway.post('R0=', accepted());
    await whenHeard;
    expect(pieces).to.deep.equal([{ kind: 'accepted' }]);
    const closed = once(old as WebSocket, 'close');
    while (socket.current() !== 'R1=') await new Promise(setImmediate);
    await closed;
  });

  it('goes without for a while when it is refused, and says so', async () => {
    gateway.refuse(true);
    const { socket, lines } = start();
    await socket.opened(5_000);
    expect(lines).to.deep.equal(['no connection for answers: they come by the table']);
    gateway.refuse(false);
    await socket.opened(5_000);
    expect(socket.current()).to.equal(undefined);
    now += 600;
    await socket.opened(5_000);
    expect(socket.current()).to.equal('R0=');
  });
});
