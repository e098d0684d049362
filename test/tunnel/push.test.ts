import { expect } from 'chai';
import type { AgentMessage, EdgeMessage, HttpRequest } from '../../src/protocol/messages.ts';
import type { AnswerPiece } from '../../src/tunnel/ports.ts';
import { createReplyLine } from '../support/reply-line.ts';
import { visit } from '../support/test-edge.ts';
import { answerTo, firstRequest, SESSION, textOf, tunnelled } from './tunnelled.ts';

/** An edge whose answers are pushed, what its tables were asked, and an agent that answers to where it is told. */
async function start() {
  const line = createReplyLine();
  const { edge, agent, path } = await tunnelled(2, { replies: line });
  const looks = { table: 0, tunnels: 0, rows: [] as AnswerPiece[] };
  const { answers, tunnels } = edge.dependencies;
  edge.dependencies.answers = {
    take(requestId, from) {
      looks.table += 1;
      return answers.take(requestId, from);
    },
    put(requestId, piece) {
      looks.rows.push(piece);
      return answers.put(requestId, piece);
    },
  };
  edge.dependencies.tunnels = {
    ...tunnels,
    read(tunnelId) {
      looks.tunnels += 1;
      return tunnels.read(tunnelId);
    },
  };
  const replyTo = new Map<string, string | undefined>();
  /** As an agent does: says it again, to where the last word was, when it is asked. */
  agent.answer = (message: EdgeMessage): AgentMessage[] => {
    if (message.type !== 'http_request' && message.type !== 'again') return [];
    replyTo.set(message.requestId, message.replyTo);
    const request = { ...firstRequest(agent), requestId: message.requestId } as HttpRequest;
    return [to(answerTo(request, 'hello'), message.replyTo)];
  };
  const began = edge.clock.now();
  return { edge, agent, line, looks, ask: () => edge.forward(visit(`${path}/`)), ms: () => edge.clock.now() - began };
}

function to<Message extends object>(message: Message, replyTo: string | undefined): Message {
  return { ...message, ...(replyTo !== undefined && { replyTo }) };
}

describe('an answer that is pushed', () => {
  it('comes at once, by no table; the second request reads none at all', async () => {
    const { ask, looks, ms } = await start();
    expect(textOf(await ask())).to.equal('hello');
    expect(looks).to.deep.equal({ table: 0, tunnels: 1, rows: [] });
    expect(textOf(await ask())).to.equal('hello');
    expect(looks).to.deep.equal({ table: 0, tunnels: 1, rows: [] });
    expect(ms()).to.equal(0);
  });

  it('is said to have come by the next request, and not by the one after that', async () => {
    const { ask, agent } = await start();
    const heard = async () => {
      agent.inbox.length = 0;
      await ask();
      return firstRequest(agent);
    };
    const first = await heard();
    const second = await heard();
    expect(first).to.not.have.property('heard');
    expect(second.heard).to.equal(first.requestId);
    expect((await heard()).heard).to.equal(second.requestId);
  });

  it('goes by the table where the connection has gone and nobody has told the function (410)', async () => {
    const { ask, looks, line, ms } = await start();
    line.state = 'gone';
    expect(textOf(await ask())).to.equal('hello');
    expect(looks.rows).to.have.lengthOf(1);
    expect(ms()).to.be.at.most(2_500);
  });

  it('is asked for by the table at once where the connection closes while it is on its way', async () => {
    const { ask, edge, agent, line, looks, ms } = await start();
    line.state = 'half-open';
    edge.clock.at(edge.clock.now() + 300, () => line.breakOff());
    expect(textOf(await ask())).to.equal('hello');
    const [, again] = agent.received('http_request');
    expect(again).to.not.have.property('replyTo');
    expect(looks.rows).to.have.lengthOf(1);
    expect(ms()).to.be.at.most(400);
  });

  it('is asked for by the table where the connection is half-open (WS-49), after it was proven to be', async () => {
    const { ask, edge, agent, line } = await start();
    line.state = 'half-open';
    agent.answer = (message) => {
      if (message.type === 'http_request') {
        edge.clock.at(edge.clock.now() + 60, () => agent.say(to(answerTo(message, 'hello'), message.replyTo)));
      }
      return [];
    };
    expect(textOf(await ask())).to.equal('hello');
    expect(line.proofs).to.equal(1);
    const [, again, ...others] = agent.received('http_request');
    expect(again).to.not.have.property('replyTo');
    expect(others, 'asked for once').to.deep.equal([]);
  });

  it('comes by the table while there is no connection yet', async () => {
    const { ask, agent, line, looks, ms } = await start();
    line.state = 'none';
    expect(textOf(await ask())).to.equal('hello');
    expect(firstRequest(agent)).to.not.have.property('replyTo');
    expect(looks.rows).to.have.lengthOf(1);
    expect(ms()).to.equal(50);
  });

  it('is looked for in the table as well when nothing comes for long: the message function may have used it', async () => {
    const { ask, agent, edge } = await start();
    agent.answer = (message) => {
      if (message.type !== 'http_request') return [];
      edge.clock.at(edge.clock.now() + 100, () =>
        agent.say(to({ type: 'accepted', requestId: message.requestId, sessionId: SESSION }, message.replyTo)),
      );
      edge.clock.at(edge.clock.now() + 2_000, () => agent.say(answerTo(message, 'by the table')));
      return [];
    };
    expect(textOf(await ask())).to.equal('by the table');
  });

  it('is asked of no version 1 agent', async () => {
    const line = createReplyLine();
    const { edge, agent, path } = await tunnelled(1, { replies: line });
    agent.answer = (message) => (message.type === 'http_request' ? [answerTo(message, 'hello', {})] : []);
    expect(textOf(await edge.forward(visit(`${path}/`)))).to.equal('hello');
    expect(firstRequest(agent)).to.not.have.property('replyTo');
  });
});

describe('where an answer may be pushed', () => {
  for (const [what, change] of [
    ['another connection', (replyTo: string) => `A=${replyTo.slice(replyTo.lastIndexOf('.'))}`],
    ['the same one without its proof', (replyTo: string) => replyTo.slice(0, replyTo.lastIndexOf('.'))],
    ['nothing that was ever said', () => 'REPLY1=.xxxxxxxxxxxxxxxxxxxxxx'],
  ] as const) {
    it(`is not ${what}: the answer is dropped, and logged`, async () => {
      const { ask, agent, edge, looks } = await start();
      agent.answer = (message) =>
        message.type === 'http_request' && message.replyTo
          ? [to(answerTo(message, 'stolen'), change(message.replyTo))]
          : [];
      expect((await ask()).status).to.equal(504);
      expect(looks.rows).to.deep.equal([]);
      expect(
        edge.lines.some(({ event }) => event === 'answer for a connection that the request has not named'),
      ).to.equal(true);
    });
  }

  it("is not what another request's answer was told", async () => {
    const { ask, agent, line } = await start();
    const told: string[] = [];
    agent.answer = (message) => {
      if (message.type !== 'http_request' || message.replyTo === undefined) return [];
      told.push(message.replyTo);
      return [to(answerTo(message, 'hello'), told[0])];
    };
    expect(textOf(await ask())).to.equal('hello');
    expect((await ask()).status).to.equal(504);
    expect(line.proofs).to.be.greaterThan(0);
  });
});

describe('a connection for answers', () => {
  it('tells whoever asks its own id, and makes nobody an agent', async () => {
    const { edge } = await start();
    const asker = await edge.connect('R=');
    await asker.say({ type: 'reply_ready' });
    expect(asker.inbox).to.deep.equal([{ type: 'reply_connection', connectionId: 'R=' }]);
  });
});
