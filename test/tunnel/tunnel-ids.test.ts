import { expect } from 'chai';
import { hashes } from '../../src/adapters/system.ts';
import { encode } from '../../src/protocol/codec.ts';
import { MESSAGE_BYTES } from '../../src/protocol/limits.ts';
import type { EdgeMessage, IdsQuestion, OwnedId } from '../../src/protocol/messages.ts';
import { HOLD_SECONDS, RETURN_SECONDS } from '../../src/tunnel/claim.ts';
import type { Tunnel } from '../../src/tunnel/ports.ts';
import { MAX_LISTED, MAX_RESERVED } from '../../src/tunnel/tunnel-ids.ts';
import type { TestAgent } from '../support/test-edge.ts';
import { createTestEdge, failureCode, hello, visit } from '../support/test-edge.ts';

const TOKENS = ['ada', 'eve'].map(
  (name) => `${name}:${Buffer.from(hashes.sha256(`token-of-${name}`)).toString('hex')}`,
);

type TestEdge = ReturnType<typeof createTestEdge>;

let connections = 0;

/** Asks over a connection of its own that says nothing else; the letter makes the key. */
async function ask(
  edge: TestEdge,
  letter: string,
  question: IdsQuestion,
  authorization?: string,
): Promise<EdgeMessage | undefined> {
  connections += 1;
  const asker = await edge.connect(`asker-${connections}`, authorization);
  await asker.say({ type: 'ids', ask: 'q', ...question, agentKey: hello(letter).agentKey });
  expect(asker.inbox).to.have.lengthOf(1);
  const [answer] = asker.inbox;
  if (answer?.type === 'ids_result' || answer?.type === 'ids_refused') expect(answer.ask).to.equal('q');
  return answer;
}

async function list(edge: TestEdge, letter: string): Promise<readonly OwnedId[]> {
  const answer = await ask(edge, letter, { operation: 'list' });
  return answer?.type === 'ids_result' ? answer.ids : expect.fail(JSON.stringify(answer));
}

function reserve(edge: TestEdge, letter: string, tunnelId = 'blue-harbour') {
  return ask(edge, letter, { operation: 'reserve', tunnelId });
}

function release(edge: TestEdge, letter: string, tunnelId = 'blue-harbour') {
  return ask(edge, letter, { operation: 'release', tunnelId });
}

async function serve(edge: TestEdge, letter: string, connectionId: string, tunnelId?: string): Promise<TestAgent> {
  const agent = await edge.connect(connectionId);
  await agent.say({ type: 'ready', hello: hello(letter, tunnelId === undefined ? {} : { tunnelId }) });
  return agent;
}

const RESERVED = {
  type: 'ids_result',
  ask: 'q',
  ids: [{ tunnelId: 'blue-harbour', reserved: true, agents: 0 }],
  more: false,
};
const RELEASED = { type: 'ids_result', ask: 'q', ids: [], more: false };

describe('ids reserve', () => {
  it('keeps an id for its owner without an agent, however long', async () => {
    const edge = createTestEdge();
    expect(await reserve(edge, 'a')).to.deep.equal(RESERVED);
    await edge.clock.sleep(400 * 86_400_000);
    expect((await serve(edge, 'b', 'B=', 'blue-harbour')).received('refused')[0]?.code).to.equal('tunnel_id_taken');
    expect(await reserve(edge, 'b')).to.include({ type: 'ids_refused', code: 'tunnel_id_taken' });
    const mine = await serve(edge, 'a', 'A=', 'blue-harbour');
    expect(mine.received('connection_established')[0]?.tunnelId).to.equal('blue-harbour');
  });

  it('opens no tunnel and attaches no connection', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    expect(failureCode(await edge.forward(visit('/blue-harbour/')))).to.equal('agent_offline');
    expect(await edge.connections.ofTunnel('blue-harbour')).to.deep.equal([]);
  });

  it('outlives the agents that come and go', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    const agent = await serve(edge, 'a', 'A=', 'blue-harbour');
    await edge.disconnect('A=');
    const next = await edge.connect('B=');
    await next.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 2 }) });
    await next.say({ type: 'leave' });
    expect(agent.received('connection_established').concat(next.received('connection_established'))).to.have.lengthOf(
      2,
    );
    await edge.clock.sleep(2 * HOLD_SECONDS * 1_000);
    expect(await list(edge, 'a')).to.deep.equal(RESERVED.ids);
  });

  it('keeps an id that is in use, with its agents', async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    expect(await reserve(edge, 'a')).to.deep.include({
      ids: [{ tunnelId: 'blue-harbour', reserved: true, agents: 1 }],
    });
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.have.all.keys('a'.repeat(22));
  });

  it('is answered alike the second time, and writes nothing', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    const before = await edge.tunnels.read('blue-harbour');
    expect(await reserve(edge, 'a')).to.deep.equal(RESERVED);
    expect(await edge.tunnels.read('blue-harbour')).to.deep.equal(before);
  });

  it("is refused somebody else's id, also one that is only held", async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    await edge.disconnect('A=');
    expect(await reserve(edge, 'b')).to.deep.equal({
      type: 'ids_refused',
      ask: 'q',
      code: 'tunnel_id_taken',
      message: 'this tunnel id belongs to somebody else',
    });
  });

  it("takes somebody else's once it has expired, and nothing of theirs with it", async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    await edge.disconnect('A=');
    await edge.clock.sleep(HOLD_SECONDS * 1_000);
    expect(await reserve(edge, 'b')).to.deep.equal(RESERVED);
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.deep.equal({});
    expect(await list(edge, 'a')).to.deep.equal([]);
  });

  for (const tunnelId of ['ab', 'Blue', '-x-', '#stack-key', '']) {
    it(`is refused "${tunnelId}", which is no tunnel id`, async () => {
      const edge = createTestEdge();
      expect(await reserve(edge, 'a', tunnelId)).to.include({ code: 'tunnel_id_invalid' });
      expect(await release(edge, 'a', tunnelId)).to.include({ code: 'tunnel_id_invalid' });
    });
  }

  it(`gives an owner ${MAX_RESERVED} ids and no more, until one is released`, async () => {
    const edge = createTestEdge();
    for (let at = 1; at < MAX_RESERVED; at += 1) await reserve(edge, 'a', `mine-${at}`);
    await serve(edge, 'a', 'A=', 'only-held');
    expect(await reserve(edge, 'a', 'the-hundredth')).to.include({ type: 'ids_result' });
    expect(await reserve(edge, 'a', 'one-too-many')).to.include({ type: 'ids_refused', code: 'too_many_ids' });
    expect(await reserve(edge, 'a', 'mine-1'), 'reserved already').to.include({ type: 'ids_result' });
    expect(await reserve(edge, 'b', 'one-too-many'), 'another owner').to.include({ type: 'ids_result' });
    await release(edge, 'a', 'mine-1');
    expect(await reserve(edge, 'a', 'mine-2000')).to.include({ type: 'ids_result' });
  });

  it('lets one of two owners win', async () => {
    const edge = createTestEdge();
    const answers = await Promise.all([reserve(edge, 'a'), reserve(edge, 'b')]);
    expect(answers.map((answer) => answer?.type)).to.have.members(['ids_result', 'ids_refused']);
  });

  it('loses no agent that comes in the same moment', async () => {
    const edge = createTestEdge();
    await Promise.all([reserve(edge, 'a'), serve(edge, 'a', 'A=', 'blue-harbour'), reserve(edge, 'a')]);
    expect(await list(edge, 'a')).to.deep.equal([{ tunnelId: 'blue-harbour', reserved: true, agents: 1 }]);
  });
});

describe('ids release', () => {
  it('gives a reserved id to whoever asks next, at once', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    expect(await release(edge, 'a')).to.deep.equal(RELEASED);
    expect(await list(edge, 'a')).to.deep.equal([]);
    expect(failureCode(await edge.forward(visit('/blue-harbour/')))).to.equal('tunnel_not_found');
    expect(await reserve(edge, 'b')).to.deep.equal(RESERVED);
  });

  it('gives up a held id, too', async () => {
    const edge = createTestEdge();
    const agent = await serve(edge, 'a', 'A=', 'blue-harbour');
    await agent.say({ type: 'leave' });
    expect(await release(edge, 'a')).to.deep.equal(RELEASED);
    const other = await serve(edge, 'b', 'B=', 'blue-harbour');
    expect(other.received('connection_established')).to.have.lengthOf(1);
  });

  it('is answered alike the second time (WS-45)', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    expect(await Promise.all([release(edge, 'a'), release(edge, 'a')])).to.deep.equal([RELEASED, RELEASED]);
    const before = await edge.tunnels.read('blue-harbour');
    expect(await release(edge, 'a')).to.deep.equal(RELEASED);
    expect(await edge.tunnels.read('blue-harbour'), 'nothing is written').to.deep.equal(before);
  });

  it('is refused while an agent serves the id, or is expected back', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    await serve(edge, 'a', 'A=', 'blue-harbour');
    expect(await release(edge, 'a')).to.include({ type: 'ids_refused', code: 'tunnel_id_in_use' });
    await edge.disconnect('A=');
    expect(await release(edge, 'a')).to.include({ type: 'ids_refused', code: 'tunnel_id_in_use' });
    await edge.clock.sleep(RETURN_SECONDS * 1_000);
    expect(await release(edge, 'a')).to.deep.equal(RELEASED);
  });

  it('is not refused for a connection whose end nobody was told of (WS-60)', async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    edge.gone.add('A=');
    expect(await release(edge, 'a')).to.deep.equal(RELEASED);
  });

  it('is refused for a connection of which nothing is known', async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    edge.refusing.add('A=');
    expect(await release(edge, 'a')).to.include({ code: 'tunnel_id_in_use' });
  });

  it("is refused somebody else's id, and one that is nobody's", async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    expect(await release(edge, 'b')).to.include({ type: 'ids_refused', code: 'tunnel_id_not_yours' });
    expect(await release(edge, 'b', 'never-claimed')).to.include({ code: 'tunnel_id_not_yours' });
    expect(await list(edge, 'a')).to.have.lengthOf(1);
  });

  it('cannot be undone by who has read the item before', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'a');
    const old = await edge.tunnels.read('blue-harbour');
    await release(edge, 'a');
    await reserve(edge, 'b');
    expect(await edge.tunnels.write({ ...(old as Tunnel), version: 2 })).to.equal(false);
    expect(await list(edge, 'b')).to.have.lengthOf(1);
  });
});

describe('ids list', () => {
  it('has what is reserved, what is held and until when, and who serves it', async () => {
    const edge = createTestEdge();
    const now = edge.clock.now() / 1_000;
    await reserve(edge, 'a', 'reserved');
    await serve(edge, 'a', 'A=', 'being-served');
    const gone = await serve(edge, 'a', 'B=', 'held');
    await gone.say({ type: 'leave' });
    await serve(edge, 'b', 'C=', 'of-another');
    expect(await list(edge, 'a')).to.deep.equal([
      { tunnelId: 'reserved', reserved: true, agents: 0 },
      { tunnelId: 'being-served', reserved: false, agents: 1, expiresAt: now + 7_200 + HOLD_SECONDS },
      { tunnelId: 'held', reserved: false, agents: 0, expiresAt: now + HOLD_SECONDS },
    ]);
  });

  it('leaves out what has expired, though its item lingers (DD-03)', async () => {
    const edge = createTestEdge();
    await serve(edge, 'a', 'A=', 'blue-harbour');
    await edge.disconnect('A=');
    expect(await list(edge, 'a')).to.have.lengthOf(1);
    await edge.clock.sleep(HOLD_SECONDS * 1_000);
    expect(await list(edge, 'a')).to.deep.equal([]);
    expect(await edge.tunnels.ofOwner((await edge.tunnels.read('blue-harbour'))?.owner ?? '', 10)).to.have.lengthOf(1);
  });

  it('believes the items and not the index (DD-01)', async () => {
    const edge = createTestEdge();
    await reserve(edge, 'b', 'theirs');
    edge.dependencies.tunnels = { ...edge.dependencies.tunnels, ofOwner: async () => ['theirs', 'never-there'] };
    expect(await list(edge, 'a')).to.deep.equal([]);
  });

  it('says when there are more than it lists, and fits one message', async () => {
    const edge = createTestEdge();
    const longest = (at: number) => `${String(at).padStart(4, '0')}${'x'.repeat(59)}`;
    await reserve(edge, 'a', 'zzz-reserved');
    const owner = (await edge.tunnels.read('zzz-reserved'))?.owner ?? '';
    for (let at = 0; at < MAX_LISTED; at += 1) {
      const expiresAt = edge.clock.now() / 1_000 + HOLD_SECONDS;
      await edge.tunnels.write({
        tunnelId: longest(at),
        owner,
        sessions: {},
        balance: 'spread',
        version: 1,
        expiresAt,
      });
    }
    const answer = await ask(edge, 'a', { operation: 'list' });
    if (answer?.type !== 'ids_result') return expect.fail(JSON.stringify(answer));
    expect(answer.ids).to.have.lengthOf(MAX_LISTED);
    expect(answer.ids[0]?.tunnelId).to.equal('zzz-reserved');
    expect(answer.more).to.equal(true);
    expect(encode(answer).length).to.be.below(MESSAGE_BYTES * 0.7);
  });
});

describe('ids of a token', () => {
  it("are its subject's, whatever the agent's key", async () => {
    const edge = createTestEdge({ auth: 'tokens', tokens: TOKENS.join(',') });
    const [ada, eve] = ['Bearer token-of-ada', 'Bearer token-of-eve'];
    const question: IdsQuestion = { operation: 'reserve', tunnelId: 'blue-harbour' };
    expect(await ask(edge, 'a', question, ada)).to.deep.equal(RESERVED);
    expect(await ask(edge, 'z', { operation: 'list' }, ada)).to.deep.equal(RESERVED);
    expect(await ask(edge, 'a', { operation: 'list' }, eve)).to.deep.equal(RELEASED);
    expect(await ask(edge, 'a', { ...question, operation: 'release' }, eve)).to.include({
      code: 'tunnel_id_not_yours',
    });
  });
});

describe('ids of a connection that is gone', () => {
  it('change nothing, and are logged', async () => {
    const edge = createTestEdge();
    const asker = await edge.connect('A=');
    await edge.disconnect('A=');
    await asker.say({
      type: 'ids',
      ask: 'q',
      operation: 'reserve',
      tunnelId: 'blue-harbour',
      agentKey: 'A'.repeat(43),
    });
    expect(await edge.tunnels.read('blue-harbour')).to.equal(undefined);
    expect(edge.lines.map(({ event }) => event)).to.include('ids from a connection that is not open');
  });
});
