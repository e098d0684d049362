import { expect } from 'chai';
import { createTestEdge, DOOR_MS, failureCode, hello, visit } from '../support/test-edge.ts';
import { answers, answerTo, firstRequest, SESSION, textOf, tunnelled } from './tunnelled.ts';

describe('who may answer', () => {
  it('is the session that was asked: another agent of the tunnel is not heard', async () => {
    const { edge, agent, path } = await tunnelled();
    const intruder = await edge.connect('B=');
    agent.answer = () => [];
    edge.clock.at(edge.clock.now() + 100, async () => {
      const request = firstRequest(agent);
      await intruder.say(answerTo(request, 'forged', { sessionId: 'b'.repeat(22) }));
      await intruder.say(answerTo(request, 'forged', {}));
      await agent.say(answerTo(request, 'true'));
    });
    expect(textOf(await edge.forward(visit(path)))).to.equal('true');
    const refused = edge.lines.filter(({ event }) => event === 'answer from a session that was not asked');
    expect(refused).to.have.lengthOf(2);
  });

  it('is the session, also over its next connection', async () => {
    const { edge, agent, path } = await tunnelled();
    edge.clock.at(edge.clock.now() + 2_000, async () => {
      edge.gone.add('A=');
      const next = await edge.connect('B=');
      await next.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 2 }) });
      await next.say(answerTo(firstRequest(agent), 'kept'));
    });
    expect(textOf(await edge.forward(visit(path)))).to.equal('kept');
  });
});

describe('a tunnel without an answer', () => {
  it('is 404 where nobody has opened it', async () => {
    const edge = createTestEdge();
    const response = await edge.forward(visit('/never-opened/x'));
    expect(response.status).to.equal(404);
    expect(failureCode(response)).to.equal('tunnel_not_found');
  });

  it('is 404 where the id has expired, though its item is still there (DD-03)', async () => {
    const { edge, path } = await tunnelled();
    await edge.clock.sleep((7_200 + 86_400) * 1_000);
    expect(failureCode(await edge.forward(visit(path)))).to.equal('tunnel_not_found');
  });

  it('is 404 where the URL names none', async () => {
    const edge = createTestEdge();
    for (const path of ['/', '/favicon.ico', '/robots.txt']) {
      const response = await edge.forward(visit(path));
      expect(response.status, path).to.equal(404);
      expect(failureCode(response), path).to.equal('no_tunnel_in_url');
    }
  });

  it('is 502 where its agent has left', async () => {
    const { edge, path } = await tunnelled();
    await edge.disconnect('A=');
    const response = await edge.forward(visit(path));
    expect(response.status).to.equal(502);
    expect(failureCode(response)).to.equal('agent_offline');
  });

  it('is 502 where its agent is gone without a word, and the next visitor is told without asking', async () => {
    const { edge, path } = await tunnelled();
    edge.gone.add('A=');
    expect(failureCode(await edge.forward(visit(path)))).to.equal('agent_offline');
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.deep.equal({});
  });

  it('is 502 where the Management API fails, and the agent keeps its place', async () => {
    const { edge, path } = await tunnelled();
    edge.refusing.add('A=');
    const response = await edge.forward(visit(path));
    expect(response.status).to.equal(502);
    expect(failureCode(response)).to.equal('agent_unreachable');
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.have.all.keys(SESSION);
  });

  for (const protocol of [1, 2] as const) {
    it(`is 504 where a version ${protocol} agent is silent, ${protocol === 2 ? 'which is told to stop' : 'which is told nothing'}`, async () => {
      const { edge, agent, path } = await tunnelled(protocol);
      const began = edge.clock.now();
      const response = await edge.forward(visit(path));
      expect(response.status).to.equal(504);
      expect(failureCode(response)).to.equal('no_answer');
      expect(edge.clock.now() - began).to.equal(DOOR_MS);
      const { requestId } = firstRequest(agent);
      expect(agent.received('cancel')).to.deep.equal(protocol === 2 ? [{ type: 'cancel', requestId }] : []);
    });
  }

  for (const [code, status] of [
    ['invalid_request', 400],
    ['timeout', 504],
    ['local_service_unavailable', 503],
    ['internal_error', 502],
  ] as const) {
    it(`is ${status} where the agent says ${code}, and its words are not shown`, async () => {
      const { edge, agent, path } = await tunnelled(1);
      agent.answer = (message) =>
        message.type === 'http_request'
          ? [{ type: 'error', requestId: message.requestId, code, message: 'ECONNREFUSED 10.0.0.7' }]
          : [];
      const response = await edge.forward(visit(path));
      expect(response.status).to.equal(status);
      expect(textOf(response)).to.not.include('10.0.0.7');
      expect(textOf(response)).to.include(firstRequest(agent).requestId);
      expect(edge.lines.at(-1)).to.include({ level: 'warn', detail: 'ECONNREFUSED 10.0.0.7' });
    });
  }
});

describe('several agents on one tunnel', () => {
  async function twoAgents() {
    const { edge, agent, path } = await tunnelled();
    const second = await edge.connect('B=');
    const sameOwner = { tunnelId: 'blue-harbour', agentKey: hello('a').agentKey };
    await second.say({ type: 'ready', hello: hello('b', sameOwner) });
    agent.answer = answers('first');
    second.answer = answers('second', { sessionId: 'b'.repeat(22) });
    return { edge, path };
  }

  it('share its visitors', async () => {
    const { edge, path } = await twoAgents();
    const texts = new Set<string>();
    for (let visitor = 0; visitor < 20; visitor += 1) texts.add(textOf(await edge.forward(visit(path))));
    expect(texts).to.deep.equal(new Set(['first', 'second']));
  });

  it('stand in for each other: one that is gone is passed over, and taken out', async () => {
    const { edge, path } = await twoAgents();
    edge.gone.add('A=');
    for (let visitor = 0; visitor < 10; visitor += 1) {
      expect(textOf(await edge.forward(visit(path)))).to.equal('second');
    }
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.have.all.keys('b'.repeat(22));
  });
});

describe('what is logged', () => {
  it('is tunnel, request and path, and never a body, a token or a query string', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = answers('SECRET-answer');
    const body = Buffer.from('SECRET-body');
    const headers = [
      ['authorization', 'Bearer SECRET-token'],
      ['cookie', 'sid=SECRET-cookie'],
    ] as const;
    const visitor = visit(`${path}/page`, { method: 'POST', query: 'key=SECRET-query', body, headers });
    await edge.forward(visitor);
    agent.answer = () => [];
    await edge.forward(visitor);
    const [answered, silent] = agent.received('http_request');
    const told = edge.lines.filter(({ event }) => event.includes('forwarded'));
    expect(told).to.deep.equal([
      {
        level: 'info',
        event: 'forwarded',
        tunnelId: 'blue-harbour',
        requestId: answered?.requestId,
        method: 'POST',
        path: '/page',
        status: 200,
        bytes: 13,
        ms: 50,
      },
      {
        level: 'warn',
        event: 'not forwarded',
        tunnelId: 'blue-harbour',
        requestId: silent?.requestId,
        method: 'POST',
        path: '/page',
        code: 'no_answer',
        detail: undefined,
        ms: DOOR_MS,
      },
    ]);
    const { agentKey } = hello('a');
    const everything = JSON.stringify(edge.lines);
    for (const secret of ['SECRET', agentKey, SESSION]) expect(everything).to.not.include(secret);
  });
});
