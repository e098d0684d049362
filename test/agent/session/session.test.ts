import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import type { Clock } from '../../../agent/session/clock.ts';
import { systemClock } from '../../../agent/session/clock.ts';
import type { AgentEvent } from '../../../agent/session/events.ts';
import { type SessionOptions, startSession } from '../../../agent/session/session.ts';
import type { HttpRequest } from '../../../src/protocol/messages.ts';
import { useCleanup } from '../support/cleanup.ts';
import { createQueue } from '../support/queue.ts';
import { ESTABLISHED, ESTABLISHED_V1, type ScriptedEdge, startScriptedEdge } from '../support/scripted-edge.ts';

/** Timers that run twenty times faster, so that backoff and patience take little waiting. */
const hastyClock: Clock = { now: Date.now, after: (ms, callback) => systemClock.after(ms / 20, callback) };

const echo: Forward = async ({ method, uri, body }) => ({
  kind: 'answered',
  status: 200,
  headers: [['x-asked', `${method} ${uri}`]],
  body: (async function* () {
    yield body;
  })(),
});

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
    const session = startSession({
      endpoint: edge.endpoint,
      agentKey: 'k'.repeat(43),
      agent: 'postern/test',
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 25_000,
      forward: echo,
      report: events.push,
      clock: hastyClock,
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
    return { session, events, event };
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
    const { event } = start({ forward: hanging, requestTimeoutMs: 10_000_000 });
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
    let answer = () => {};
    const waiting: Forward = (request, signal) =>
      new Promise((resolve) => {
        answer = () => resolve(echo(request, signal));
      });
    const { event } = start({ forward: waiting });
    const first = await edge.greet();
    first.send(httpRequest('r1'));
    // The ping's answer shows that the request before it has arrived.
    first.send({ type: 'ping' });
    await first.next('pong');
    first.cut();
    expect((await event('offline')).why).to.contain('1006');
    expect(await event('reconnecting')).to.deep.include({ attempt: 1, inMs: 0 });
    answer();
    const second = await edge.greet();
    expect(second.ready.hello).to.deep.include({
      sessionId: first.ready.hello?.sessionId,
      epoch: 2,
      tunnelId: ESTABLISHED.tunnelId,
    });
    expect((await second.next('http_response')).requestId).to.equal('r1');
  });

  it('replaces a connection from which nothing comes any more (WS-49)', async () => {
    const deaf = await startScriptedEdge(false);
    cleanup(deaf.stop);
    const { event } = start({ endpoint: deaf.endpoint });
    const silent = await deaf.accept();
    await silent.next('ready');
    silent.send(ESTABLISHED);
    expect((await event('offline')).why).to.equal('no sign of life within 10 s');
    await deaf.greet();
  });

  for (const answersPings of [true, false]) {
    it(`keeps a connection whose ${answersPings ? 'gateway' : 'edge'} answers`, async () => {
      const other = await startScriptedEdge(answersPings);
      cleanup(other.stop);
      const { event, events } = start({ endpoint: other.endpoint });
      const connection = await other.greet();
      await event('online');
      const until = performance.now() + 2_000;
      while (performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        while (connection.received.rest.length > 0) {
          await connection.next('ping');
          connection.send({ type: 'pong' });
        }
      }
      expect(events.rest).to.deep.equal([]);
    });
  }

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
    let answer = () => {};
    const waiting: Forward = (request, signal) =>
      new Promise((resolve) => {
        answer = () => resolve(echo(request, signal));
      });
    const { event, events } = start({ forward: waiting });
    const first = await edge.greet({ hello: { protocol: 2, renewAfterSeconds: 5, heartbeatSeconds: 300 } });
    await event('online');
    const second = await edge.greet();
    expect(second.ready.hello).to.deep.include({ epoch: 2, sessionId: first.ready.hello?.sessionId });
    expect((await event('note')).message).to.include('renewed');
    first.send(httpRequest('late'));
    first.send({ type: 'ping' });
    await first.next('pong');
    answer();
    expect((await second.next('http_response')).requestId).to.equal('late');
    expect(await first.closed).to.equal(1000);
    expect(events.rest.filter(({ event: name }) => name !== 'request')).to.deep.equal([]);
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

  it('tries again when the gateway says that the greeting failed', async () => {
    const { event } = start();
    const connection = await edge.accept();
    await connection.next('ready');
    connection.sendText('{"message": "Internal server error", "connectionId":"a=", "requestId":"b="}');
    await event('reconnecting');
    await edge.greet();
  });

  it('shows a changed URL', async () => {
    const { event } = start();
    const connection = await edge.greet();
    await event('online');
    connection.send({ type: 'url_updated', publicUrl: 'https://new.example/abc123def456' });
    expect(await event('online')).to.deep.equal({
      event: 'online',
      tunnelId: ESTABLISHED.tunnelId,
      publicUrl: 'https://new.example/abc123def456',
      connectionId: ESTABLISHED.connectionId,
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
    const { session } = start({ connectTimeoutMs: 5_000 });
    expect((await session.ended).kind).to.equal('unreachable');
    expect(edge.handshakes()).to.be.greaterThan(1);
  });

  it('takes leave when stopped, answers what it has and what was on its way, and says goodbye', async () => {
    const answers: (() => void)[] = [];
    const waiting: Forward = (request, signal) =>
      new Promise((resolve) => {
        answers.push(() => resolve(echo(request, signal)));
      });
    const { session } = start({ forward: waiting, clock: systemClock });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    connection.send({ type: 'ping' });
    await connection.next('pong');
    session.stop();
    await connection.next('leave');
    connection.send(httpRequest('r2'));
    connection.send({ type: 'left' });
    connection.send({ type: 'ping' });
    await connection.next('pong');
    for (const answer of answers) answer();
    expect((await connection.next('http_response')).requestId).to.equal('r1');
    expect((await connection.next('http_response')).requestId).to.equal('r2');
    expect(await connection.closed).to.equal(1000);
    expect(await session.ended).to.deep.equal({ kind: 'stopped' });
  });

  it('turns away what comes when it has left', async () => {
    const held: (() => void)[] = [];
    const waiting: Forward = (request, signal) =>
      new Promise((resolve) => held.push(() => resolve(echo(request, signal))));
    const { session } = start({ forward: waiting });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    connection.send({ type: 'ping' });
    await connection.next('pong');
    session.stop();
    await connection.next('leave');
    // No `left` comes: the agent waits for it no longer than it may.
    await new Promise((resolve) => setTimeout(resolve, 100));
    connection.send(httpRequest('r2'));
    expect(await connection.next('error')).to.deep.include({ requestId: 'r2', code: 'upstream_unreachable' });
    for (const answer of held) answer();
    expect((await connection.next('http_response')).requestId).to.equal('r1');
    expect(await connection.closed).to.equal(1000);
  });

  it('waits for what is in flight no longer than five seconds', async () => {
    const never: Forward = () => new Promise(() => {});
    const { session } = start({ forward: never });
    const connection = await edge.greet();
    connection.send(httpRequest('r1'));
    connection.send({ type: 'ping' });
    await connection.next('pong');
    session.stop();
    expect(await connection.closed).to.equal(1000);
    expect(await session.ended).to.deep.equal({ kind: 'stopped' });
  });
});
