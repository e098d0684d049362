import { expect } from 'chai';
import { visit } from '../support/test-edge.ts';
import { answerTo, tunnelled } from './tunnelled.ts';

describe('Server-Timing', () => {
  async function ask(serverTiming: boolean) {
    const { edge, agent, path } = await tunnelled();
    Object.assign(edge.dependencies, { serverTiming });
    agent.answer = (message) => {
      if (message.type !== 'http_request') return [];
      const own = { ...answerTo(message, 'hello'), headers: [['server-timing', 'db;dur=7']] as const };
      edge.clock.at(edge.clock.now() + 40, () => agent.say(own));
      return [];
    };
    const { headers } = await edge.forward(visit(`${path}/`));
    return headers.filter(([name]) => name === 'server-timing').map(([, value]) => value);
  }

  it('tells what the edge sees of where the time goes, behind what the upstream says', async () => {
    expect(await ask(true)).to.deep.equal([
      'db;dur=7',
      'postern-route;dur=0, postern-post;dur=0, postern-answer;dur=50',
    ]);
  });

  it('is off for visitors', async () => {
    expect(await ask(false)).to.deep.equal(['db;dur=7']);
  });
});
