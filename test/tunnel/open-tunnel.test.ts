import { expect } from 'chai';
import { hashes } from '../../src/adapters/system.ts';
import { encode } from '../../src/protocol/codec.ts';
import { openTunnel } from '../../src/tunnel/open-tunnel.ts';
import type { TestAgent } from '../support/test-edge.ts';
import { createTestEdge, hello } from '../support/test-edge.ts';

const TOKENS = ['ada', 'eve'].map(
  (name) => `${name}:${Buffer.from(hashes.sha256(`token-of-${name}`)).toString('hex')}`,
);

function asSent(agent: TestAgent): unknown[] {
  return agent.inbox.map((message) => JSON.parse(encode(message)));
}

function tunnelIdOf(agent: TestAgent): string {
  const [established] = agent.received('connection_established');
  if (!established) throw new Error(`no tunnel for ${agent.connectionId}: ${JSON.stringify(agent.inbox)}`);
  return established.tunnelId;
}

describe('ready of a version 1 agent', () => {
  it('is answered with version 1 fields alone, and a random id', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('PJqB0fHsqRcCHlw=');
    await agent.say({ type: 'ready' });
    const tunnelId = tunnelIdOf(agent);
    expect(tunnelId).to.match(/^[a-z0-9]{12}$/);
    expect(asSent(agent)).to.deep.equal([
      {
        type: 'connection_established',
        connection_id: 'PJqB0fHsqRcCHlw=',
        tunnel_id: tunnelId,
        public_url: `https://t.example.com/${tunnelId}`,
        subdomain_url: `https://${tunnelId}.t.example.com`,
      },
    ]);
  });

  it('gets an id of its own for every connection', async () => {
    const edge = createTestEdge();
    const ids = new Set<string>();
    for (const connectionId of ['A=', 'B=', 'C=']) {
      const agent = await edge.connect(connectionId);
      await agent.say({ type: 'ready' });
      ids.add(tunnelIdOf(agent));
    }
    expect(ids.size).to.equal(3);
  });
});

describe('ready of a version 2 agent', () => {
  it('is answered with what the edge asks of it', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    expect(asSent(agent)).to.deep.equal([
      {
        type: 'connection_established',
        connection_id: 'A=',
        tunnel_id: 'blue-harbour',
        public_url: 'https://t.example.com/blue-harbour',
        subdomain_url: 'https://blue-harbour.t.example.com',
        protocol: 2,
        renew_after_s: 6_600,
        heartbeat_s: 300,
      },
    ]);
  });

  it('is given a random id where it asks for none', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a') });
    expect(tunnelIdOf(agent)).to.match(/^[a-z0-9]{12}$/);
  });

  it('has no subdomain URL where there is no wildcard domain', async () => {
    const edge = createTestEdge();
    edge.dependencies.address = { publicUrl: 'https://t.example.com' };
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a') });
    expect(agent.received('connection_established')[0]).to.not.have.property('subdomainUrl');
  });

  it("is refused somebody else's id, and is given no other in its place", async () => {
    const edge = createTestEdge();
    const [owner, other] = [await edge.connect('A='), await edge.connect('B=')];
    await owner.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await other.say({ type: 'ready', hello: hello('b', { tunnelId: 'blue-harbour' }) });
    expect(asSent(other)).to.deep.equal([
      { type: 'refused', code: 'tunnel_id_taken', message: 'this tunnel id belongs to somebody else' },
    ]);
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.have.all.keys('a'.repeat(22));
    expect(await edge.connections.read('B=')).to.not.have.property('attached');
  });

  it('is refused it also after the owner has left, for a day', async () => {
    const edge = createTestEdge();
    const owner = await edge.connect('A=');
    await owner.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await edge.disconnect('A=');
    const other = await edge.connect('B=');
    await other.say({ type: 'ready', hello: hello('b', { tunnelId: 'blue-harbour' }) });
    expect(other.received('refused')).to.have.lengthOf(1);
    await edge.clock.sleep(86_400_000);
    const later = await edge.connect('C=');
    await later.say({ type: 'ready', hello: hello('b', { tunnelId: 'blue-harbour', epoch: 2 }) });
    expect(tunnelIdOf(later)).to.equal('blue-harbour');
  });

  for (const tunnelId of ['ab', 'Blue', '-x-', '#stack-key', 'a.b', '']) {
    it(`is refused "${tunnelId}", which is no tunnel id`, async () => {
      const edge = createTestEdge();
      const agent = await edge.connect('A=');
      await agent.say({ type: 'ready', hello: hello('a', { tunnelId }) });
      expect(agent.inbox.map((message) => message.type === 'refused' && message.code)).to.deep.equal([
        'tunnel_id_invalid',
      ]);
    });
  }

  it('takes its id back while its old connection is half-open, whose late end then changes nothing', async () => {
    const edge = createTestEdge();
    const before = await edge.connect('A=');
    await before.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    const after = await edge.connect('B=');
    await after.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 2 }) });
    expect(tunnelIdOf(after)).to.equal('blue-harbour');
    const replaced = { ['a'.repeat(22)]: { connectionId: 'B=', epoch: 2 } };
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.containSubset(replaced);
    await edge.disconnect('A=');
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.containSubset(replaced);
  });

  it('stands beside another agent of the same owner', async () => {
    const edge = createTestEdge();
    const [one, two] = [await edge.connect('A='), await edge.connect('B=')];
    await one.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    const sameKey = hello('b', { tunnelId: 'blue-harbour', agentKey: hello('a').agentKey });
    await two.say({ type: 'ready', hello: sameKey });
    expect(tunnelIdOf(two)).to.equal('blue-harbour');
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.have.all.keys('a'.repeat(22), 'b'.repeat(22));
  });

  it('says nothing to a connection that a newer one has replaced before it was heard', async () => {
    const edge = createTestEdge();
    const [older, newer] = [await edge.connect('A='), await edge.connect('B=')];
    await newer.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 2 }) });
    await older.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour', epoch: 1 }) });
    expect(older.inbox).to.deep.equal([]);
    expect((await edge.tunnels.read('blue-harbour'))?.sessions).to.containSubset({
      ['a'.repeat(22)]: { connectionId: 'B=' },
    });
  });
});

describe('the owner of an id', () => {
  it("is the token's subject, whatever key the agent has", async () => {
    const edge = createTestEdge({ auth: 'tokens', tokens: TOKENS.join() });
    const outcomes: string[] = [];
    for (const [connectionId, name, letter] of [
      ['A=', 'ada', 'a'],
      ['B=', 'ada', 'b'],
      ['C=', 'eve', 'a'],
    ] as const) {
      const agent = await edge.connect(connectionId, `Bearer token-of-${name}`);
      await agent.say({ type: 'ready', hello: hello(letter, { tunnelId: 'blue-harbour' }) });
      outcomes.push(agent.inbox[0]?.type ?? 'nothing');
    }
    expect(outcomes).to.deep.equal(['connection_established', 'connection_established', 'refused']);
    expect((await edge.tunnels.read('blue-harbour'))?.owner).to.equal('subject:ada');
  });

  it('is kept as a hash where it is a key: the table holds no secret', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    expect(JSON.stringify(await edge.tunnels.read('blue-harbour'))).to.not.include(hello('a').agentKey);
  });
});

describe('ready', () => {
  it('said twice on one connection is answered twice with the same tunnel', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready' });
    await agent.say({ type: 'ready' });
    const [one, two] = asSent(agent);
    expect(agent.inbox).to.have.lengthOf(2);
    expect(two).to.deep.equal(one);
  });

  it('said twice and handled at the same time is answered twice with the same tunnel', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await Promise.all([agent.say({ type: 'ready' }), agent.say({ type: 'ready' })]);
    const [one, two] = asSent(agent);
    expect(agent.inbox).to.have.lengthOf(2);
    expect(two).to.deep.equal(one);
  });

  it('of a connection that is not open is passed over', async () => {
    const edge = createTestEdge();
    await openTunnel('never-opened=', hello('a', { tunnelId: 'blue-harbour' }), edge.dependencies);
    expect(await edge.tunnels.read('blue-harbour')).to.equal(undefined);
    expect(edge.lines.at(-1)).to.include({ level: 'warn', event: 'ready from a connection that is not open' });
  });

  it('handled after the connection is gone notes that: the Management API says so', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    edge.gone.add('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    const { sessions = {} } = (await edge.tunnels.read('blue-harbour')) ?? {};
    expect(Object.values(sessions)[0]).to.have.property('awaySince');
  });

  it('handled after the connection is gone notes that: its item is gone', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    const { connections } = edge.dependencies;
    edge.dependencies.connections = {
      ...connections,
      async attach(connectionId, attachment) {
        await connections.remove(connectionId);
        return connections.attach(connectionId, attachment);
      },
    };
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    expect(agent.inbox).to.deep.equal([]);
    const { sessions = {} } = (await edge.tunnels.read('blue-harbour')) ?? {};
    expect(Object.values(sessions)[0]).to.have.property('awaySince');
  });

  it('tries again where somebody else wrote in between', async () => {
    const edge = createTestEdge();
    const { tunnels } = edge.dependencies;
    let lost = 0;
    edge.dependencies.tunnels = {
      ...tunnels,
      async write(tunnel) {
        lost += 1;
        return lost > 3 && tunnels.write(tunnel);
      },
    };
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    expect(tunnelIdOf(agent)).to.equal('blue-harbour');
  });

  it('gives up after a few attempts, rather than never', async () => {
    const edge = createTestEdge();
    edge.dependencies.tunnels = { ...edge.dependencies.tunnels, write: async () => false };
    const agent = await edge.connect('A=');
    const error = await agent.say({ type: 'ready', hello: hello('a') }).catch((thrown: Error) => thrown);
    expect(error).to.be.an.instanceOf(Error);
    expect(agent.inbox).to.deep.equal([]);
  });

  it("is given another random id where the first is somebody else's", async () => {
    const edge = createTestEdge();
    const owner = await edge.connect('A=');
    await owner.say({ type: 'ready', hello: hello('a', { tunnelId: 'aaaaaaaaaaaa' }) });
    let calls = 0;
    edge.dependencies.randomBytes = (count) => {
      // One byte is for the pause between attempts.
      if (count > 1) calls += 1;
      return new Uint8Array(count).fill(Math.max(0, calls - 1));
    };
    const agent = await edge.connect('B=');
    await agent.say({ type: 'ready', hello: hello('b') });
    expect(tunnelIdOf(agent)).to.equal('bbbbbbbbbbbb');
  });
});
