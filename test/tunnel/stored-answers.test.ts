import { expect } from 'chai';
import type { AgentMessage, EdgeMessage } from '../../src/protocol/messages.ts';
import { forwardRequest } from '../../src/tunnel/forward-request.ts';
import type { LargeResponses } from '../../src/tunnel/large-responses.ts';
import type { VisitorRequest, VisitorResponse } from '../../src/tunnel/ports.ts';
import { DOOR_MS, failureCode, visit } from '../support/test-edge.ts';
import { answers, answerTo, firstRequest, tunnelled } from './tunnelled.ts';

/** What an agent does that has put every body elsewhere. */
function stores(status = 200) {
  return (message: EdgeMessage): AgentMessage[] =>
    message.type === 'http_request' ? [{ ...answerTo(message, ''), status, storedBytes: 7_000_000 }] : [];
}

const large: LargeResponses = {
  place: async (tunnelId, expiresInS) => ({ key: `${tunnelId}/1`, uploadUrl: `put:${tunnelId}/1 for ${expiresInS}` }),
  downloadUrl: async (key, expiresInS) => `get:${key} for ${expiresInS}`,
};

describe('answers that lie elsewhere', () => {
  async function start(protocol: 1 | 2 = 2, place: LargeResponses | undefined = large) {
    const { edge, agent, path } = await tunnelled(protocol);
    const dependencies = { ...edge.dependencies, ...(place && { largeResponses: async () => place }) };
    const ask = async (more: Partial<VisitorRequest> = {}) => {
      const door = { deadline: edge.clock.now() + DOOR_MS, maxResponseBytes: 100, sureResponseBytes: 70 };
      return (await forwardRequest(visit(`${path}/`, more), door, dependencies)) as VisitorResponse;
    };
    return { agent, ask };
  }

  it('are a redirect, good for five minutes; the place is good a minute longer than the door waits', async () => {
    const { agent, ask } = await start();
    agent.answer = stores();
    const response = await ask();
    expect(firstRequest(agent)).to.include({ uploadUrl: 'put:blue-harbour/1 for 88', maxResponseBytes: 70 });
    expect(response).to.deep.equal({
      status: 302,
      headers: [
        ['location', 'get:blue-harbour/1 for 300'],
        ['cache-control', 'no-store'],
      ],
      body: new Uint8Array(0),
    });
  });

  for (const [what, more] of [
    ['a POST', { method: 'POST' }],
    ['a range', { headers: [['range', 'bytes=0-']] }],
  ] as const) {
    it(`are not asked for by ${what}`, async () => {
      const { agent, ask } = await start();
      agent.answer = answers('hello');
      expect((await ask(more)).status).to.equal(200);
      expect(firstRequest(agent)).to.include({ maxResponseBytes: 100 }).and.not.have.property('uploadUrl');
    });
  }

  it('are not asked of a version 1 agent', async () => {
    const { agent, ask } = await start(1);
    agent.answer = answers('hello', {});
    expect((await ask()).status).to.equal(200);
    expect(firstRequest(agent)).to.not.have.property('uploadUrl');
  });

  it('are a failure where nobody asked for them, or another status than 200 would be lost', async () => {
    const { agent, ask } = await start();
    agent.answer = stores();
    expect(failureCode(await ask({ method: 'POST' }))).to.equal('upstream_failed');
    agent.answer = stores(404);
    expect(failureCode(await ask())).to.equal('upstream_failed');
  });

  it('need a place in the stack', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = stores();
    expect(failureCode(await edge.forward(visit(`${path}/`)))).to.equal('upstream_failed');
    expect(firstRequest(agent)).to.not.have.property('uploadUrl');
  });
});
