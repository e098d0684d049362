import { expect } from 'chai';
import type { Balance } from '../../src/protocol/messages.ts';
import { RETURN_SECONDS } from '../../src/tunnel/claim.ts';
import { forwardRequest } from '../../src/tunnel/forward-request.ts';
import type { VisitorResponse } from '../../src/tunnel/ports.ts';
import { rememberTunnels } from '../../src/tunnel/recent-tunnels.ts';
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

  it('is 502 at once where its agent has left', async () => {
    const { edge, agent, path } = await tunnelled();
    await agent.say({ type: 'leave' });
    expect(agent.received('left')).to.have.lengthOf(1);
    const began = edge.clock.now();
    const response = await edge.forward(visit(path));
    expect(response.status).to.equal(502);
    expect(failureCode(response)).to.equal('agent_offline');
    expect(edge.clock.now()).to.equal(began);
  });

  it('is 502 at once where a version 1 agent is gone', async () => {
    const { edge, path } = await tunnelled(1);
    const began = edge.clock.now();
    edge.gone.add('A=');
    expect(failureCode(await edge.forward(visit(path)))).to.equal('agent_offline');
    expect(edge.clock.now()).to.equal(began);
  });

  for (const how of ['with $disconnect', 'without a word'] as const) {
    it(`is 502 where its agent is gone ${how} and does not come back in ten seconds; then at once`, async () => {
      const { edge, path } = await tunnelled();
      if (how === 'without a word') edge.gone.add('A=');
      else await edge.disconnect('A=');
      const began = edge.clock.now();
      expect(failureCode(await edge.forward(visit(path)))).to.equal('agent_offline');
      expect(edge.clock.now() - began).to.be.within(9_000, RETURN_SECONDS * 1_000);
      await edge.clock.sleep(1_000);
      const then = edge.clock.now();
      expect(failureCode(await edge.forward(visit(path)))).to.equal('agent_offline');
      expect(edge.clock.now()).to.equal(then);
    });
  }

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
  async function twoAgents(balance: Balance = 'spread') {
    const { edge, agent, path } = await tunnelled();
    await edge.clock.sleep(1_000);
    const second = await edge.connect('B=');
    const sameOwner = { tunnelId: 'blue-harbour', agentKey: hello('a').agentKey, balance };
    await second.say({ type: 'ready', hello: hello('b', sameOwner) });
    agent.answer = answers('first');
    second.answer = answers('second', { sessionId: 'b'.repeat(22) });
    return { edge, agent, path };
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
    const { sessions = {} } = (await edge.tunnels.read('blue-harbour')) ?? {};
    expect(sessions[SESSION]).to.have.property('awaySince');
  });

  for (const [method, told] of [
    ['GET', 'second'],
    ['POST', undefined],
  ] as const) {
    it(`${told ? 'try' : 'never try'} a ${method} that may have arrived with the other`, async () => {
      const { edge, path } = await twoAgents('failover');
      edge.refusing.add('A=');
      const response = await edge.forward(visit(path, { method }));
      if (told) expect(textOf(response)).to.equal(told);
      else expect(failureCode(response)).to.equal('agent_unreachable');
    });
  }

  it('serve one visitor by one agent, where they are sticky', async () => {
    const { edge, path } = await twoAgents('sticky');
    const of = async (sourceIp: string) => textOf(await edge.forward(visit(path, { sourceIp })));
    const addresses = Array.from({ length: 24 }, (_, at) => `198.51.100.${at}`);
    const first = await Promise.all(addresses.map(of));
    expect(new Set(first)).to.deep.equal(new Set(['first', 'second']));
    expect(await Promise.all(addresses.map(of))).to.deep.equal(first);
    await edge.disconnect('B=');
    expect(new Set(await Promise.all(addresses.map(of)))).to.deep.equal(new Set(['first']));
  });

  it('serve all by the one that came first, where the other stands by', async () => {
    const { edge, path } = await twoAgents('failover');
    for (let visitor = 0; visitor < 10; visitor += 1) expect(textOf(await edge.forward(visit(path)))).to.equal('first');
    await edge.disconnect('A=');
    expect(textOf(await edge.forward(visit(path)))).to.equal('second');
  });

  it('lose nothing when one leaves', async () => {
    const { edge, agent, path } = await twoAgents('spread');
    await agent.say({ type: 'leave' });
    for (let visitor = 0; visitor < 10; visitor += 1) {
      expect(textOf(await edge.forward(visit(path)))).to.equal('second');
    }
  });

  it('take what one that leaves turns away, which a remembered route still brings', async () => {
    const { edge, agent, path } = await twoAgents('failover');
    // As a warm environment of the forward function: it does not know what the message function has written since.
    const tunnels = rememberTunnels(edge.tunnels, edge.clock);
    const warm = { ...edge.dependencies, tunnels };
    const door = { deadline: edge.clock.now() + DOOR_MS, maxResponseBytes: 1_000_000, sureResponseBytes: 1_000_000 };
    const ask = (method: string) => forwardRequest(visit(path, { method }), door, warm) as Promise<VisitorResponse>;
    expect(textOf(await ask('GET'))).to.equal('first');
    await agent.say({ type: 'leave' });
    agent.answer = (message) =>
      message.type === 'http_request'
        ? [{ type: 'error', requestId: message.requestId, code: 'agent_leaving', message: '', sessionId: SESSION }]
        : [];
    expect(textOf(await ask('POST'))).to.equal('second');
    expect(agent.received('http_request')).to.have.lengthOf(2);
    expect(textOf(await ask('POST'))).to.equal('second');
    expect(agent.received('http_request'), 'asked no more').to.have.lengthOf(2);
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
