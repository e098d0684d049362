import { expect } from 'chai';
import { hashes } from '../../src/adapters/system.ts';
import { PART_BYTES, WINDOW_BYTES } from '../../src/protocol/limits.ts';
import type { AgentMessage, EdgeMessage, HttpRequest } from '../../src/protocol/messages.ts';
import type { TestAgent } from '../support/test-edge.ts';
import { failureCode, hello, visit } from '../support/test-edge.ts';
import { answers, answerTo, firstRequest, SESSION, textOf, tunnelled } from './tunnelled.ts';

type TestEdge = Awaited<ReturnType<typeof tunnelled>>['edge'];

/** The agent's next connection; what the old one still has to say is lost. */
async function reconnect(edge: TestEdge, connectionId = 'B=', epoch = 2): Promise<TestAgent> {
  const next = await edge.connect(connectionId);
  await next.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch }) });
  return next;
}

function accepted({ requestId }: HttpRequest): AgentMessage {
  return { type: 'accepted', requestId, sessionId: SESSION };
}

function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at ^ (at >> 8) ^ (at >> 16)) & 0xff);
}

/** A body's answer in parts, as an agent sends it. */
function inParts(request: HttpRequest, body: Uint8Array): AgentMessage[] {
  const { requestId } = request;
  const count = Math.ceil(body.length / PART_BYTES);
  return Array.from({ length: count }, (_, part): AgentMessage => {
    const slice = body.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
    if (part === 0) return { ...answerTo(request, slice), more: count > 1 };
    const sha256 = Buffer.from(hashes.sha256(body)).toString('base64url');
    const last = part === count - 1 && { totalBytes: body.length, sha256 };
    return { type: 'response_part', requestId, part, body: slice, sessionId: SESSION, ...last };
  });
}

describe('a request between two connections', () => {
  it('waits for the next one', async () => {
    const { edge, path } = await tunnelled();
    await edge.disconnect('A=');
    const began = edge.clock.now();
    edge.clock.at(began + 3_000, async () => {
      (await reconnect(edge)).answer = answers('back');
    });
    expect(textOf(await edge.forward(visit(path, { method: 'POST' })))).to.equal('back');
    expect(edge.clock.now() - began).to.be.below(3_500);
  });

  it('waits where nobody has noticed yet that the connection is gone', async () => {
    const { edge, path } = await tunnelled();
    edge.gone.add('A=');
    edge.clock.at(edge.clock.now() + 400, async () => {
      (await reconnect(edge)).answer = answers('back');
    });
    expect(textOf(await edge.forward(visit(path, { method: 'POST' })))).to.equal('back');
  });

  it('goes to another agent at once where there is one', async () => {
    const { edge, path } = await tunnelled();
    const other = await edge.connect('C=');
    const { agentKey } = hello('a');
    await other.say({ type: 'ready', hello: hello('c', { tunnelId: 'blue-harbour', agentKey }) });
    other.answer = answers('other', { sessionId: 'c'.repeat(22) });
    await edge.disconnect('A=');
    const began = edge.clock.now();
    expect(textOf(await edge.forward(visit(path, { method: 'POST' })))).to.equal('other');
    expect(edge.clock.now() - began).to.equal(50);
  });
});

describe('a request that was posted', () => {
  it('and lost in a half-open connection (WS-49) is sent again over the next', async () => {
    const { edge, agent, path } = await tunnelled();
    let next: TestAgent | undefined;
    edge.clock.at(edge.clock.now() + 1_000, async () => {
      next = await reconnect(edge);
      next.answer = answers('second time');
    });
    expect(textOf(await edge.forward(visit(path, { method: 'POST', body: Buffer.from('x') })))).to.equal('second time');
    expect(next?.received('http_request')).to.deep.equal(agent.received('http_request'));
  });

  it('and lost on its way is sent again over the same connection', async () => {
    const { edge, agent, path } = await tunnelled();
    let heard = 0;
    agent.answer = (message) => {
      if (message.type !== 'http_request') return [];
      heard += 1;
      return heard < 3 ? [] : [answerTo(message, 'third time')];
    };
    expect(textOf(await edge.forward(visit(path)))).to.equal('third time');
    expect(new Set(agent.received('http_request').map(({ requestId }) => requestId))).to.have.lengthOf(1);
  });

  it('and accepted is not sent again; the agent is reminded now and then', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = (message) => (message.type === 'http_request' ? [accepted(message)] : []);
    edge.clock.at(edge.clock.now() + 20_000, () => agent.say(answerTo(firstRequest(agent), 'slow')));
    expect(textOf(await edge.forward(visit(path)))).to.equal('slow');
    expect(agent.received('http_request')).to.have.lengthOf(1);
    expect(agent.received('again')).to.have.lengthOf(1);
  });

  it('is answered over the next connection, where the answer was lost with the last', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = (message) => (message.type === 'http_request' ? [accepted(message)] : []);
    edge.clock.at(edge.clock.now() + 6_000, async () => {
      const next = await reconnect(edge);
      next.answer = (message) => (message.type === 'again' ? [answerTo(firstRequest(agent), 'kept')] : []);
    });
    const began = edge.clock.now();
    expect(textOf(await edge.forward(visit(path)))).to.equal('kept');
    expect(edge.clock.now() - began).to.be.below(12_000);
  });

  for (const [how, within] of [
    ['leaves', 12_000],
    ['goes away', 18_000],
  ] as const) {
    it(`fails before the door's time is over where its agent ${how} without an answer`, async () => {
      const { edge, agent, path } = await tunnelled();
      agent.answer = (message) => (message.type === 'http_request' ? [accepted(message)] : []);
      edge.clock.at(edge.clock.now() + 1_000, () =>
        how === 'leaves' ? agent.say({ type: 'leave' }) : edge.disconnect('A='),
      );
      const began = edge.clock.now();
      const response = await edge.forward(visit(path));
      expect(response.status).to.equal(502);
      expect(failureCode(response)).to.equal('agent_lost');
      expect(edge.clock.now() - began).to.be.below(within);
    });
  }
});

describe('a connection that is lost before its greeting', () => {
  for (const when of ['at a reconnect', 'at a renewal'] as const) {
    it(`keeps the session its place ${when}: visitors wait`, async () => {
      const { edge, path } = await tunnelled();
      if (when === 'at a reconnect') await edge.disconnect('A=');
      const lost = await edge.connect('B=');
      edge.gone.add('B=');
      await lost.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 2 }) });
      edge.clock.at(edge.clock.now() + 450, async () => {
        (await reconnect(edge, 'C=', 3)).answer = answers('back');
      });
      expect(textOf(await edge.forward(visit(path)))).to.equal('back');
    });
  }
});

describe('an answer in parts', () => {
  const body = bytes(PART_BYTES * 8 + 17);

  it('of which some were lost is asked for again, and for no more than was lost', async () => {
    const { edge, agent, path } = await tunnelled();
    let messages: AgentMessage[] = [];
    agent.answer = (message: EdgeMessage) => {
      if (message.type === 'http_request') {
        messages = inParts(message, body);
        return [0, 1, 3, 4, 7].flatMap((part) => messages.slice(part, part + 1));
      }
      return message.type === 'again' ? [2, 5, 6, 8].flatMap((part) => messages.slice(part, part + 1)) : [];
    };
    const response = await edge.forward(visit(path));
    expect(Buffer.compare(response.body, body)).to.equal(0);
    expect(agent.received('again').map(({ from, seen }) => ({ from, seen }))).to.deep.equal([
      { from: 2, seen: [3, 4, 7] },
    ]);
  });

  it('gets credit before it stands still, and never more than a window ahead', async () => {
    const { edge, agent, path } = await tunnelled();
    const long = bytes(6_000_000);
    let waiting: AgentMessage[] = [];
    let credit = WINDOW_BYTES;
    let sent = 0;
    function go(): AgentMessage[] {
      const count = Math.min(waiting.length, Math.floor((credit - sent) / PART_BYTES));
      sent += count * PART_BYTES;
      return waiting.splice(0, count);
    }
    agent.answer = (message) => {
      if (message.type === 'http_request') {
        expect(message.windowBytes).to.equal(WINDOW_BYTES);
        waiting = inParts(message, long);
        return go();
      }
      if (message.type !== 'credit') return [];
      expect(message.bytes)
        .to.be.above(credit)
        .and.at.most(sent + WINDOW_BYTES);
      credit = message.bytes;
      return go();
    };
    const response = await edge.forward(visit(path));
    expect(Buffer.compare(response.body, long)).to.equal(0);
    expect(agent.received('credit').length).to.be.within(2, 6);
  });
});

describe('a request in parts', () => {
  const body = bytes(4_500_000);

  function partsOf(agent: TestAgent): number {
    return agent.received('request_part').length;
  }

  it('goes as far as the agent has given credit, and on as it gives more', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = () => [];
    const began = edge.clock.now();
    edge.clock.at(began + 1_000, async () => {
      expect(partsOf(agent)).to.equal(WINDOW_BYTES / PART_BYTES - 1);
      const { requestId } = firstRequest(agent);
      await agent.say({ type: 'credit', requestId, bytes: WINDOW_BYTES * 2, sessionId: SESSION });
    });
    edge.clock.at(began + 1_500, async () => {
      expect(partsOf(agent)).to.equal((2 * WINDOW_BYTES) / PART_BYTES - 1);
      const { requestId } = firstRequest(agent);
      await agent.say({ type: 'credit', requestId, bytes: WINDOW_BYTES * 3, sessionId: SESSION });
    });
    edge.clock.at(began + 2_000, () => agent.say(answerTo(firstRequest(agent), 'got it')));
    expect(textOf(await edge.forward(visit(path, { method: 'PUT', body })))).to.equal('got it');
    expect(agent.received('request_part').at(-1)).to.deep.include({
      totalBytes: body.length,
      sha256: Buffer.from(hashes.sha256(body)).toString('base64url'),
    });
  });

  it('stops where the agent says early that it will not be', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = (message) =>
      message.type === 'http_request'
        ? [
            {
              type: 'error',
              requestId: message.requestId,
              code: 'upstream_failed',
              message: 'crowded',
              sessionId: SESSION,
            },
          ]
        : [];
    expect((await edge.forward(visit(path, { method: 'PUT', body }))).status).to.equal(502);
    expect(partsOf(agent)).to.be.below(WINDOW_BYTES / PART_BYTES);
  });

  it('goes whole to the next connection, where the first broke under it', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = () => {
      if (agent.inbox.length > 10) edge.gone.add('A=');
      return [];
    };
    let next: TestAgent | undefined;
    edge.clock.at(edge.clock.now() + 500, async () => {
      next = await reconnect(edge);
      next.answer = (message) => {
        const isLast = message.type === 'request_part' && message.totalBytes !== undefined;
        if (message.type === 'http_request') {
          return [{ type: 'credit', requestId: message.requestId, bytes: body.length, sessionId: SESSION }];
        }
        return next && isLast ? [answerTo(firstRequest(next), 'got it')] : [];
      };
    });
    expect(textOf(await edge.forward(visit(path, { method: 'PUT', body })))).to.equal('got it');
    expect(next && partsOf(next)).to.equal(Math.ceil(body.length / PART_BYTES) - 1);
  });

  it('is compressed where that saves a message', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = answers('got it');
    const long = Buffer.from(JSON.stringify({ text: 'postern '.repeat(20_000) }));
    const headers = [['content-type', 'application/json']] as const;
    await edge.forward(visit(path, { method: 'PUT', body: long, headers }));
    await edge.forward(visit(path, { method: 'PUT', body: long.subarray(0, 20_000), headers }));
    await edge.forward(visit(path, { method: 'PUT', body: long, headers: [['content-type', 'image/png']] }));
    const [packed, short, picture] = agent.received('http_request');
    expect(packed?.encoding).to.equal('br');
    expect(packed?.body.length).to.be.below(1_000);
    expect(short).to.not.have.property('encoding');
    expect(picture).to.not.have.property('encoding');
  });
});
