import { expect } from 'chai';
import { receiveMessage } from '../../src/tunnel/receive-message.ts';
import { collect } from '../support/collect.ts';
import { createTestEdge, hello } from '../support/test-edge.ts';

const REQUEST_ID = '0b8f6c52-93d1-4e07-9c2a-7f1d5be0a364';

describe('ping', () => {
  const told = {
    tunnelId: 'blue-harbour',
    publicUrl: 'https://t.example.com/blue-harbour',
    subdomainUrl: 'https://blue-harbour.t.example.com',
  };

  it('of a version 2 agent is answered with pong, and no table is read for it', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    edge.dependencies.connections = { ...edge.dependencies.connections, read: () => Promise.reject(new Error('read')) };
    await agent.say({ type: 'ping', told });
    expect(agent.inbox).to.deep.equal([{ type: 'pong' }]);
  });

  it('of a version 1 agent is not: its kind has never had an answer', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready' });
    edge.dependencies.address = { publicUrl: 'https://moved.example.com' };
    await agent.say({ type: 'ping' });
    expect(agent.inbox).to.have.lengthOf(1);
  });

  it('tells a version 2 agent that its public URL is not what it was told', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    edge.dependencies.address = { publicUrl: 'https://tunnel.example.com' };
    await agent.say({ type: 'ping', told });
    const moved = { tunnelId: 'blue-harbour', publicUrl: 'https://tunnel.example.com/blue-harbour' };
    await agent.say({ type: 'ping', told: moved });
    expect(agent.inbox).to.deep.equal([
      { type: 'pong' },
      { type: 'url_updated', publicUrl: 'https://tunnel.example.com/blue-harbour' },
      { type: 'pong' },
    ]);
  });

  it('tells nothing about what is no tunnel id', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ping', told: { tunnelId: '../x', publicUrl: '' } });
    expect(agent.inbox).to.deep.equal([{ type: 'pong' }]);
  });
});

describe('leave', () => {
  it('takes the agent out of its tunnel, and says so', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await agent.say({ type: 'leave' });
    await agent.say({ type: 'leave' });
    expect(agent.inbox.slice(1)).to.deep.equal([{ type: 'left' }, { type: 'left' }]);
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.deep.equal({});
  });

  it('before ready is as good as after it', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'leave' });
    expect(agent.inbox).to.deep.equal([{ type: 'left' }]);
  });
});

describe('a text that is no message', () => {
  const texts = [
    { text: 'not JSON, but a secret', line: { event: 'malformed message', field: '', problem: 'not JSON' } },
    {
      text: '{"type":"http_response","request_id":"secret"}',
      line: { event: 'malformed message', field: 'status_code' },
    },
    {
      text: `{"type":"${'x'.repeat(200)}","body":"secret"}`,
      line: { event: 'message of an unknown type', name: 'x'.repeat(64) },
    },
  ];
  for (const { text, line } of texts) {
    it(`is logged without what it says: ${text.slice(0, 40)}`, async () => {
      const edge = createTestEdge();
      const agent = await edge.connect('A=');
      await receiveMessage('A=', text, edge.dependencies);
      expect(edge.lines.at(-1)).to.include({ level: 'warn', connectionId: 'A=', ...line });
      expect(JSON.stringify(edge.lines)).to.not.include('secret');
      expect(agent.inbox).to.deep.equal([]);
    });
  }
});

describe('an error of no request', () => {
  it('is logged, without its message', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'error', requestId: null, code: 'internal_error', message: 'secret' });
    expect(edge.lines.at(-1)).to.deep.equal({
      level: 'warn',
      event: 'agent reports an error of no request',
      connectionId: 'A=',
    });
  });
});

describe('an answer', () => {
  function answer(requestId: string, sessionId?: string) {
    const body = Buffer.from('forged');
    const said = { type: 'http_response', requestId, status: 200, headers: [], body, processingTimeMs: 0 } as const;
    return { ...said, more: false, ...(sessionId !== undefined && { sessionId }) };
  }

  it('is laid where the forward looks, if its session was asked', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    const requestId = (await edge.dependencies.requestIds()).issue('a'.repeat(22));
    await agent.say(answer(requestId, 'a'.repeat(22)));
    expect(await collect(edge.answers.take(requestId, 0))).to.have.lengthOf(1);
  });

  it('may come over any connection of its session', async () => {
    const edge = createTestEdge();
    const next = await edge.connect('next=');
    const requestId = (await edge.dependencies.requestIds()).issue('a'.repeat(22));
    await next.say(answer(requestId, 'a'.repeat(22)));
    expect(await collect(edge.answers.take(requestId, 0))).to.have.lengthOf(1);
  });

  it('of a version 1 agent must come over the connection that was asked', async () => {
    const edge = createTestEdge();
    const [asked, other] = [await edge.connect('A='), await edge.connect('B=')];
    const requestId = (await edge.dependencies.requestIds()).issue('connection:A=');
    await other.say(answer(requestId));
    expect(await collect(edge.answers.take(requestId, 0))).to.deep.equal([]);
    await asked.say(answer(requestId));
    expect(await collect(edge.answers.take(requestId, 0))).to.have.lengthOf(1);
  });

  for (const [name, issuedFor, sessionId] of [
    ['another session', 'a'.repeat(22), 'b'.repeat(22)],
    ['no session, where one was asked', 'a'.repeat(22), undefined],
    ['a session that names a version 1 connection', 'connection:victim=', 'connection:victim='],
  ] as const) {
    it(`of ${name} is logged and dropped`, async () => {
      const edge = createTestEdge();
      const agent = await edge.connect('A=');
      const requestId = (await edge.dependencies.requestIds()).issue(issuedFor);
      await agent.say(answer(requestId, sessionId));
      expect(await collect(edge.answers.take(requestId, 0))).to.deep.equal([]);
      expect(edge.lines.at(-1)).to.include({ level: 'warn', connectionId: 'A=' });
    });
  }

  it('to a request that nobody made is dropped', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ ...answer(REQUEST_ID, 'a'.repeat(22)) });
    expect(await collect(edge.answers.take(REQUEST_ID, 0))).to.deep.equal([]);
  });
});
