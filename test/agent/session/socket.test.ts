import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { connectSocket, type SocketEnd } from '../../../agent/session/socket.ts';
import { FRAME_BYTES, MESSAGE_BYTES } from '../../../src/protocol/limits.ts';
import { useCleanup } from '../support/cleanup.ts';
import { createQueue } from '../support/queue.ts';
import { ESTABLISHED, type ScriptedEdge, startScriptedEdge } from '../support/scripted-edge.ts';

describe('connectSocket', () => {
  const cleanup = useCleanup();

  async function startEdge(): Promise<ScriptedEdge> {
    const edge = await startScriptedEdge();
    cleanup(edge.stop);
    return edge;
  }

  function connect(endpoint: string, headers: Record<string, string> = {}, timeoutMs = 1_000) {
    const opened = createQueue<true>('opened');
    const texts = createQueue<string>('texts');
    const pongs = createQueue<true>('pongs');
    const ends = createQueue<SocketEnd>('ends');
    const socket = connectSocket(
      { endpoint, headers, timeoutMs },
      { opened: () => opened.push(true), message: texts.push, pong: () => pongs.push(true), ended: ends.push },
    );
    cleanup(() => socket.terminate());
    return { socket, opened, texts, pongs, ends };
  }

  it('sends its headers, and asks for no compression', async () => {
    const edge = await startEdge();
    connect(edge.endpoint, { authorization: 'Bearer secret' });
    const { headers } = await edge.accept();
    expect(headers.authorization).to.equal('Bearer secret');
    expect(headers).not.to.have.property('sec-websocket-extensions');
  });

  it('hears the answer to a ping of the protocol', async () => {
    const edge = await startEdge();
    const { socket, opened, pongs } = connect(edge.endpoint);
    await edge.accept();
    await opened.next();
    socket.probe();
    expect(await pongs.next()).to.equal(true);
  });

  it('hears nothing of a gateway that answers no ping, and may ask when there is no connection (WS-48)', async () => {
    const silent = await startScriptedEdge(false);
    cleanup(silent.stop);
    const { socket, opened, pongs, texts, ends } = connect(silent.endpoint);
    socket.probe();
    const connection = await silent.accept();
    await opened.next();
    socket.probe();
    expect(await socket.send('{"type":"ping"}')).to.equal(true);
    await connection.next('ping');
    connection.send({ type: 'pong' });
    await texts.next();
    expect(pongs.rest).to.deep.equal([]);
    connection.cut();
    await ends.next();
    socket.probe();
    await new Promise(setImmediate);
    expect(ends.rest).to.deep.equal([]);
  });

  it('cuts messages into frames the gateway accepts, and never mixes two (WS-41)', async () => {
    const edge = await startEdge();
    const { socket, opened } = connect(edge.endpoint);
    const connection = await edge.accept();
    await opened.next();
    const sent = ['x', 'é'].map((letter) => {
      const message = letter.repeat(40_000);
      return socket.send(JSON.stringify({ type: 'error', request_id: null, code: 'timeout', message }));
    });
    sent.push(socket.send('{"type":"ping"}'));
    expect(await Promise.all(sent)).to.deep.equal([true, true, true]);
    expect((await connection.next('error')).message).to.equal('x'.repeat(40_000));
    expect((await connection.next('error')).message).to.equal('é'.repeat(40_000));
    await connection.next('ping');
    expect(connection.frameLengths).to.have.length(2 + 3 + 1);
    for (const length of connection.frameLengths) expect(length).to.be.at.most(FRAME_BYTES);
  });

  it('receives what comes, up to a whole message (WS-43)', async () => {
    const edge = await startEdge();
    const { texts } = connect(edge.endpoint);
    const connection = await edge.accept();
    connection.send(ESTABLISHED);
    connection.sendText('x'.repeat(MESSAGE_BYTES));
    expect(await texts.next()).to.contain('connection_established');
    expect(await texts.next()).to.have.length(MESSAGE_BYTES);
  });

  it('says how the other side closed', async () => {
    const edge = await startEdge();
    const { socket, ends } = connect(edge.endpoint);
    (await edge.accept()).close(1001, 'Going away');
    expect(await ends.next()).to.deep.equal({ kind: 'closed', code: 1001, reason: 'Going away' });
    expect(await socket.send('late')).to.equal(false);
  });

  it('says with which status a handshake was rejected', async () => {
    const edge = await startEdge();
    edge.answerHandshakesWith(403);
    const { ends } = connect(edge.endpoint);
    expect(await ends.next()).to.deep.equal({ kind: 'rejected', status: 403 });
    await new Promise(setImmediate);
    expect(ends.rest).to.deep.equal([]);
  });

  it('says why there is no connection', async () => {
    const { ends } = connect('ws://127.0.0.1:1/dev');
    const end = await ends.next();
    expect(end).to.deep.include({ kind: 'failed', code: 'ECONNREFUSED' });
  });

  it('waits for a handshake no longer than told', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    cleanup(() => mute.close());
    await once(mute, 'listening');
    const address = mute.address();
    if (typeof address !== 'object' || !address) throw new Error('no address');
    const { ends } = connect(`ws://127.0.0.1:${address.port}/`, {}, 50);
    expect((await ends.next()).kind).to.equal('failed');
  });

  it('says goodbye with 1000', async () => {
    const edge = await startEdge();
    const { socket, ends, opened } = connect(edge.endpoint);
    const connection = await edge.accept();
    await opened.next();
    socket.close();
    expect(await connection.closed).to.equal(1000);
    expect(await ends.next()).to.deep.include({ kind: 'closed', code: 1000 });
  });

  it('settles what is unsent when the connection is cut', async () => {
    const edge = await startEdge();
    const { socket, opened, ends } = connect(edge.endpoint);
    const connection = await edge.accept();
    await opened.next();
    connection.cut();
    // More than any socket buffer holds, so that some of it cannot have left.
    const sent = await Promise.all(Array.from({ length: 200 }, () => socket.send('x'.repeat(120_000))));
    expect(sent).to.include(false);
    await ends.next();
  });
});
