import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import type { AgentEvent } from '../../../agent/session/events.ts';
import { type SessionOptions, startSession } from '../../../agent/session/session.ts';
import { type Connect, connectSocket } from '../../../agent/session/socket.ts';
import { DRAIN_MS, LEAVE_MS, PONG_MS, PROBE_MS, RETIRE_MS, STRAGGLER_MS } from '../../../agent/session/states.ts';
import { encode } from '../../../src/protocol/codec.ts';
import type { HttpRequest } from '../../../src/protocol/messages.ts';
import { useCleanup } from '../support/cleanup.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createQueue } from '../support/queue.ts';
import {
  type EdgeConnection,
  ESTABLISHED,
  ESTABLISHED_V1,
  type ScriptedEdge,
  startScriptedEdge,
} from '../support/scripted-edge.ts';

/** A renewal comes before the first look for signs of life, so that a test can let all its time pass at once. */
const SHORT_LIVED = { protocol: 2, renewAfterSeconds: 10, heartbeatSeconds: 300 } as const;
const RENEWAL_MS = 9_600;

const echo: Forward = async ({ method, uri, body }) => ({
  kind: 'answered',
  status: 200,
  headers: [['x-asked', `${method} ${uri}`]],
  body: (async function* () {
    yield body;
  })(),
});

/** Answers as `echo` does, all that came so far, when it is told to. */
function holding() {
  const held: (() => void)[] = [];
  const forward: Forward = (request, signal) =>
    new Promise((resolve) => held.push(() => resolve(echo(request, signal))));
  return {
    forward,
    answerAll: () => {
      for (const answer of held.splice(0)) answer();
    },
  };
}

/** After it the agent has handled what it was sent before; also a sign of life. */
async function roundTrip(connection: EdgeConnection): Promise<void> {
  connection.send({ type: 'ping' });
  await connection.next('pong');
}

function httpRequest(requestId: string, fields: Partial<HttpRequest> = {}): HttpRequest {
  return {
    type: 'http_request',
    requestId,
    method: 'GET',
    uri: '/',
    headers: [],
    body: new Uint8Array(0),
    timestamp: 1,
    more: false,
    ...fields,
  };
}

describe('session', () => {
  const cleanup = useCleanup();
  let edge: ScriptedEdge;

  beforeEach(async () => {
    edge = await startScriptedEdge();
  });
  afterEach(() => edge.stop());

  function start(options: Partial<SessionOptions> = {}) {
    const events = createQueue<AgentEvent>('events');
    const texts = createQueue<string>('texts that the agent has handled');
    const pongs = createQueue<true>('pongs');
    const clock = createManualClock();
    const connect: Connect = (target, handlers) =>
      connectSocket(target, {
        ...handlers,
        message(text) {
          handlers.message(text);
          texts.push(text);
        },
        pong() {
          handlers.pong();
          pongs.push(true);
        },
      });
    const session = startSession({
      endpoint: edge.endpoint,
      agentKey: 'k'.repeat(43),
      agent: 'postern/test',
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 25_000,
      forward: echo,
      report: events.push,
      connect,
      clock,
      random: () => 0,
      ...options,
    });
    cleanup(() => {
      session.stop();
      session.stop();
      return session.ended;
    });
    async function event<Name extends AgentEvent['event']>(name: Name) {
      return (await events.next(({ event }) => event === name)) as AgentEvent & { event: Name };
    }
    return { session, events, texts, pongs, event, clock };
  }

  it('introduces itself and is online', async () => {
    const { event } = start({ tunnelId: 'my-id', token: 'secret' });
    const { ready, headers } = await edge.greet({ tunnelId: 'my-id' });
    expect(headers.authorization).to.equal('Bearer secret');
    expect(ready.hello).to.deep.include({
      protocol: 2,
      epoch: 1,
      agentKey: 'k'.repeat(43),
      tunnelId: 'my-id',
      agent: 'postern/test',
    });
    expect(await event('online')).to.deep.equal({
      event: 'online',
      tunnelId: 'my-id',
      publicUrl: ESTABLISHED.publicUrl,
      subdomainUrl: ESTABLISHED.subdomainUrl,
      connectionId: ESTABLISHED.connectionId,
    });
  });

  it('answers a request, signed with the session of its greeting', async () => {
    const { event } = start();
    const connection = await edge.greet();
    connection.send(httpRequest('r1', { method: 'PUT', uri: '/a?b', body: Buffer.from('hi') }));
    const answer = await connection.next('http_response');
    expect(answer).to.deep.include({ requestId: 'r1', status: 200, sessionId: connection.ready.hello?.sessionId });
    expect(answer.headers).to.deep.equal([['x-asked', 'PUT /a?b']]);
    expect(Buffer.from(answer.body).toString()).to.equal('hi');
    expect(await event('request')).to.deep.include({ id: 'r1', method: 'PUT', path: '/a?b', status: 200, bytes: 2 });
  });

  it('joins a request whose parts overtake its head, and runs it once (WS-44, MG-13)', async () => {
    const asked: string[] = [];
    start({
      forward(request, signal) {
        asked.push(request.method);
        return echo(request, signal);
      },
    });
    const connection = await edge.greet();
    const head = httpRequest('r1', { method: 'POST', body: Buffer.from('a'), more: true });
    connection.send({ type: 'request_part', requestId: 'r1', part: 2, body: Buffer.from('c'), totalBytes: 3 });
    connection.send({ type: 'request_part', requestId: 'r1', part: 1, body: Buffer.from('b') });
    connection.send(head);
    expect(Buffer.from((await connection.next('http_response')).body).toString()).to.equal('abc');
    connection.send(head);
    expect(Buffer.from((await connection.next('http_response')).body).toString(), 'said again').to.equal('abc');
    connection.send({ type: 'request_part', requestId: 'r1', part: 1, body: Buffer.from('b') });
    connection.send(httpRequest('r2'));
    expect((await connection.next('http_response')).requestId).to.equal('r2');
    expect(connection.received.rest).to.deep.equal([]);
    expect(asked).to.deep.equal(['POST', 'GET']);
  });

  it('says at once that a request can never be whole', async () => {
    const { event } = start();
    const connection = await edge.greet();
    connection.send(httpRequest('r1', { method: 'POST', body: Buffer.from('a'), more: true }));
    connection.send({ type: 'request_part', requestId: 'r1', part: 1, body: Buffer.from('b'), totalBytes: 9 });
    const sessionId = connection.ready.hello?.sessionId;
    expect(await connection.next('error')).to.deep.include({ requestId: 'r1', code: 'upstream_failed', sessionId });
    await event('error');
  });

  it('runs requests side by side and aborts the cancelled one', async () => {
    const aborted = createQueue<string>('aborted');
    const hanging: Forward = (request, signal) => {
      if (request.uri === '/fast') return echo(request, signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(request.uri);
          reject(new Error('aborted'));
        });
      });
    };
    const { event } = start({ forward: hanging });
    const connection = await edge.greet();
    connection.send(httpRequest('slow', { uri: '/slow' }));
    connection.send(httpRequest('fast', { uri: '/fast' }));
    expect((await connection.next('http_response')).requestId).to.equal('fast');
    connection.send({ type: 'cancel', requestId: 'unknown' });
    connection.send({ type: 'cancel', requestId: 'slow' });
    expect(await aborted.next()).to.equal('/slow');
    await event('request');
    expect(await event('request')).to.deep.include({ id: 'slow', status: 499 });
  });

  it('reconnects with the same session and id, and takes the answer along', async () => {
    const { forward, answerAll } = holding();
    const { event, clock } = start({ forward });
    const first = await edge.greet();
    first.send(httpRequest('r1'));
    await roundTrip(first);
    first.cut();
    expect((await event('offline')).why).to.contain('1006');
    expect(await event('reconnecting')).to.deep.include({ attempt: 1, inMs: 0 });
    answerAll();
    clock.advance(0);
    const second = await edge.greet();
    expect(second.ready.hello).to.deep.include({
      sessionId: first.ready.hello?.sessionId,
      epoch: 2,
      tunnelId: ESTABLISHED.tunnelId,
    });
    expect((await second.next('http_response')).requestId).to.equal('r1');
    second.send(httpRequest('r1'));
    expect((await second.next('http_response')).requestId, 'sent again, run once').to.equal('r1');
    second.cut();
    const later = await event('reconnecting');
    expect(later, 'a short life is no success').to.include({ attempt: 2, inMs: 175 });
    clock.advance(later.inMs);
    expect((await edge.greet()).ready.hello?.epoch).to.equal(3);
  });

  it('replaces a connection from which nothing comes any more (WS-49)', async () => {
    const deaf = await startScriptedEdge(false);
    cleanup(deaf.stop);
    const { event, events, clock } = start({ endpoint: deaf.endpoint });
    const silent = await deaf.greet();
    await event('online');
    await roundTrip(silent);
    clock.advance(PROBE_MS * 2 + PONG_MS - 1);
    await silent.next('ping');
    expect(events.rest).to.deep.equal([]);
    clock.advance(1);
    expect((await event('offline')).why).to.equal('no sign of life within 10 s');
    clock.advance(0);
    await deaf.greet();
  });

  it('keeps a connection whose gateway answers, and spends no messages on it', async () => {
    const { event, events, clock, pongs } = start();
    const connection = await edge.greet();
    await event('online');
    await pongs.next();
    for (let round = 0; round < 12; round += 1) {
      clock.advance(PROBE_MS * 2);
      await pongs.next();
    }
    expect(connection.received.rest).to.deep.equal([]);
    expect(events.rest).to.deep.equal([]);
  });

  it('keeps a connection whose edge alone answers', async () => {
    const other = await startScriptedEdge(false);
    cleanup(other.stop);
    const { event, events, clock, texts } = start({ endpoint: other.endpoint });
    const connection = await other.greet();
    await event('online');
    const pong = () => texts.next((text) => text === encode({ type: 'pong' }));
    await pong();
    for (let round = 0; round < 12; round += 1) {
      clock.advance(PROBE_MS * 2);
      await connection.next('ping');
      connection.send({ type: 'pong' });
      await pong();
    }
    expect(events.rest).to.deep.equal([]);
  });

  it('tells in its pings what it was told, and a version 1 edge nothing', async () => {
    start();
    const connection = await edge.accept();
    await connection.next('ready');
    connection.send(ESTABLISHED);
    const { tunnelId, publicUrl, subdomainUrl } = ESTABLISHED;
    expect((await connection.next('ping')).told).to.deep.equal({ tunnelId, publicUrl, subdomainUrl });
    start();
    const old = await edge.accept();
    await old.next('ready');
    old.send({ ...ESTABLISHED, ...ESTABLISHED_V1 });
    expect(await old.next('ping')).to.deep.equal({ type: 'ping' });
  });

  it('renews its connection: what came over the old one is answered over the new', async () => {
    const { forward, answerAll } = holding();
    const { event, events, clock } = start({ forward });
    const first = await edge.greet({ hello: SHORT_LIVED });
    await event('online');
    first.send(httpRequest('early'));
    await roundTrip(first);
    clock.advance(RENEWAL_MS - 1);
    expect(edge.handshakes()).to.equal(1);
    clock.advance(1);
    const second = await edge.greet();
    expect(second.ready.hello).to.deep.include({ epoch: 2, sessionId: first.ready.hello?.sessionId });
    expect((await event('note')).message).to.include('renewed');
    first.send(httpRequest('late'));
    await roundTrip(first);
    answerAll();
    expect((await second.next('http_response')).requestId).to.equal('early');
    expect((await second.next('http_response')).requestId).to.equal('late');
    for (let passed = 0; passed < RETIRE_MS - 5_000; passed += 5_000) {
      clock.advance(5_000);
      await roundTrip(second);
    }
    await roundTrip(first);
    clock.advance(5_000);
    expect(await first.closed).to.equal(1000);
    await roundTrip(second);
    await first.next('accepted');
    second.send(httpRequest('after'));
    await roundTrip(second);
    answerAll();
    expect((await second.next('http_response')).requestId).to.equal('after');
    expect(first.received.rest).to.deep.equal([]);
    expect(events.rest.filter(({ event: name }) => name !== 'request')).to.deep.equal([]);
  });

  it('shows the URL where a renewal brings another', async () => {
    const { event, clock } = start();
    await edge.greet({ hello: SHORT_LIVED });
    await event('online');
    clock.advance(RENEWAL_MS);
    await edge.greet({ publicUrl: 'https://new.example/abc123def456', connectionId: 'next=' });
    expect(await event('online')).to.include({ publicUrl: 'https://new.example/abc123def456', connectionId: 'next=' });
  });

  it('stays with its connection where the next one fails, and tries again', async () => {
    const { event, clock } = start();
    const first = await edge.greet({ hello: SHORT_LIVED });
    await event('online');
    clock.advance(RENEWAL_MS);
    const second = await edge.accept();
    await second.next('ready');
    second.cut();
    expect((await event('note')).message).to.include('could not be renewed yet');
    first.send(httpRequest('r1'));
    expect((await first.next('http_response')).requestId).to.equal('r1');
    clock.advance(300);
    const third = await edge.greet();
    expect(third.ready.hello?.epoch).to.equal(3);
    third.send(httpRequest('r2'));
    expect((await third.next('http_response')).requestId).to.equal('r2');
  });

  it('goes on with the next connection where the present one is cut before that is there', async () => {
    const { forward, answerAll } = holding();
    const { event, clock } = start({ forward });
    const first = await edge.greet({ hello: SHORT_LIVED });
    await event('online');
    first.send(httpRequest('r1'));
    await roundTrip(first);
    clock.advance(RENEWAL_MS);
    const second = await edge.accept();
    await second.next('ready');
    first.cut();
    await event('offline');
    answerAll();
    second.send(ESTABLISHED);
    expect((await second.next('http_response')).requestId).to.equal('r1');
    await event('online');
    expect(edge.handshakes()).to.equal(2);
  });

  it('serves a version 1 edge', async () => {
    const { event } = start();
    const connection = await edge.greet(ESTABLISHED_V1);
    await event('online');
    connection.send(httpRequest('r1'));
    expect(await connection.next('http_response')).not.to.have.property('sessionId');
  });

  it('says when an edge gave another id than asked for', async () => {
    const { event } = start({ tunnelId: 'my-id' });
    await edge.greet(ESTABLISHED_V1);
    expect((await event('error')).code).to.equal('tunnel_id_changed');
  });

  it('understands the gateway’s own frames, and passes over what it does not know (WS-33, WS-34)', async () => {
    const { event, session } = start();
    const connection = await edge.greet();
    connection.sendText('{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}');
    expect(await event('error')).to.deep.include({ code: 'gateway_error' });
    for (const text of ['{', '[]', '{"type":"http_request"}', '{"type":"news"}']) {
      connection.sendText(text);
      await event('note');
    }
    connection.send(httpRequest('r1'));
    await connection.next('http_response');
    session.stop();
  });

  it('says once more what was said lately where the gateway says that a message failed (WS-34), and no more', async () => {
    const { event } = start();
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    await connection.next('http_response');
    for (const requestId of ['b=', 'c=']) {
      connection.sendText(`{"message": "Internal server error", "connectionId":"a=", "requestId":"${requestId}"}`);
      await event('error');
    }
    await roundTrip(connection);
    expect((await connection.next('http_response')).requestId).to.equal('r1');
    expect(connection.received.rest).to.deep.equal([]);
  });

  it('tries again when the gateway says that the greeting failed', async () => {
    const { event, clock } = start();
    const connection = await edge.accept();
    await connection.next('ready');
    connection.sendText('{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}');
    clock.advance((await event('reconnecting')).inMs);
    expect((await edge.greet()).ready.hello?.epoch).to.equal(2);
  });

  it('shows a changed URL, and tells it in its pings from then on', async () => {
    const { event, clock } = start();
    const connection = await edge.greet({ hello: { protocol: 2, renewAfterSeconds: 6_600, heartbeatSeconds: 5 } });
    await event('online');
    connection.send({ type: 'url_updated', publicUrl: 'https://new.example/abc123def456' });
    expect(await event('online')).to.deep.equal({
      event: 'online',
      tunnelId: ESTABLISHED.tunnelId,
      publicUrl: 'https://new.example/abc123def456',
      connectionId: ESTABLISHED.connectionId,
    });
    clock.advance(5_000);
    expect((await connection.next('ping')).told).to.deep.equal({
      tunnelId: ESTABLISHED.tunnelId,
      publicUrl: 'https://new.example/abc123def456',
    });
  });

  for (const status of [401, 403]) {
    it(`ends on ${status}`, async () => {
      edge.answerHandshakesWith(status);
      expect((await start().session.ended).kind).to.equal('credentials-refused');
      expect(edge.handshakes()).to.equal(1);
    });
  }

  it('ends when the tunnel id is somebody else’s', async () => {
    const { session } = start({ tunnelId: 'taken' });
    const connection = await edge.accept();
    await connection.next('ready');
    connection.send({ type: 'refused', code: 'tunnel_id_taken', message: 'no' });
    expect(await session.ended).to.deep.equal({ kind: 'tunnel-id-refused', code: 'tunnel_id_taken', why: 'no' });
  });

  it('ends when the edge is not reached in time', async () => {
    edge.answerHandshakesWith(503);
    const { session, event, clock } = start({ connectTimeoutMs: 1_000 });
    for (let attempt = 1; attempt <= 6; attempt += 1) clock.advance((await event('reconnecting')).inMs);
    // After 0.875 s; the next one would come 0.175 s later.
    expect((await session.ended).kind).to.equal('unreachable');
    expect(edge.handshakes()).to.equal(7);
  });

  it('takes leave when stopped, answers what it has and what was on its way, and says goodbye', async () => {
    const { forward, answerAll } = holding();
    const { session, clock, event } = start({ forward });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    await roundTrip(connection);
    session.stop();
    await connection.next('leave');
    connection.send(httpRequest('r2'));
    connection.send({ type: 'left' });
    await roundTrip(connection);
    clock.advance(STRAGGLER_MS);
    answerAll();
    expect((await connection.next('http_response')).requestId).to.equal('r1');
    expect((await connection.next('http_response')).requestId).to.equal('r2');
    expect(await connection.closed).to.equal(1000);
    expect(await session.ended).to.deep.equal({ kind: 'stopped' });
    expect((await event('offline')).why).to.equal('stopped');
    expect(clock.pending()).to.equal(0);
  });

  it('turns away what comes when it has left', async () => {
    const { forward, answerAll } = holding();
    const { session, clock } = start({ forward });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    await roundTrip(connection);
    session.stop();
    await connection.next('leave');
    // No `left` comes: the agent waits for it no longer than it may.
    clock.advance(LEAVE_MS);
    connection.send(httpRequest('r2'));
    expect(await connection.next('error')).to.deep.include({ requestId: 'r2', code: 'agent_leaving' });
    answerAll();
    expect((await connection.next('http_response')).requestId).to.equal('r1');
    expect(await connection.closed).to.equal(1000);
  });

  it('takes leave of both connections where it is stopped in a renewal: the edge may know either', async () => {
    const { session, event, clock } = start();
    const first = await edge.greet({ hello: SHORT_LIVED });
    await event('online');
    clock.advance(RENEWAL_MS);
    const second = await edge.accept();
    await second.next('ready');
    session.stop();
    await second.next('leave');
    await first.next('leave');
    first.send({ type: 'left' });
    await roundTrip(first);
    clock.advance(STRAGGLER_MS);
    expect(await session.ended).to.deep.equal({ kind: 'stopped' });
    await second.closed;
  });

  it('waits for what is in flight no longer than five seconds', async () => {
    const { session, clock } = start({ forward: () => new Promise(() => {}) });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    await roundTrip(connection);
    session.stop();
    clock.advance(LEAVE_MS + DRAIN_MS - 1);
    await roundTrip(connection);
    clock.advance(1);
    expect(await connection.closed).to.equal(1000);
    expect(await session.ended).to.deep.equal({ kind: 'stopped' });
  });
});
