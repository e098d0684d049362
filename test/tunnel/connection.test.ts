import { expect } from 'chai';
import { hashes } from '../../src/adapters/system.ts';
import { openConnection } from '../../src/tunnel/open-connection.ts';
import { createTestEdge, hello, visit } from '../support/test-edge.ts';

const TOKENS = `ada:${Buffer.from(hashes.sha256('token-of-ada')).toString('hex')}`;

describe('openConnection', () => {
  it('keeps who it let in, for the two hours that a connection lives (WS-47)', async () => {
    const edge = createTestEdge({ auth: 'tokens', tokens: TOKENS });
    expect(await openConnection('A=', { authorization: 'Bearer token-of-ada' }, edge.dependencies)).to.equal(
      'accepted',
    );
    expect(await edge.connections.read('A=')).to.deep.equal({
      connectionId: 'A=',
      connectedAt: edge.clock.now(),
      expiresAt: edge.clock.now() / 1_000 + 7_200,
      subject: 'ada',
    });
  });

  it('refuses what names an origin, also where everybody is let in: a web page is no agent', async () => {
    const edge = createTestEdge({ auth: 'open' });
    expect(await openConnection('A=', {}, edge.dependencies)).to.equal('accepted');
    expect(await openConnection('B=', { origin: 'https://evil.example' }, edge.dependencies)).to.equal('refused');
    expect(await edge.connections.read('B=')).to.equal(undefined);
  });

  it('keeps nothing of whom it refuses, and says why in the log alone', async () => {
    const edge = createTestEdge({ auth: 'tokens', tokens: TOKENS });
    expect(await openConnection('A=', { authorization: 'Bearer token-of-eve' }, edge.dependencies)).to.equal('refused');
    expect(await edge.connections.read('A=')).to.equal(undefined);
    expect(edge.lines).to.deep.equal([
      { level: 'warn', event: 'agent refused', connectionId: 'A=', reason: 'unknown token' },
    ]);
  });
});

describe('closeConnection (WS-60)', () => {
  it('notes in the tunnel that the agent is away, and forgets the connection', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await edge.disconnect('A=');
    expect(await edge.connections.read('A=')).to.equal(undefined);
    const { sessions = {} } = (await edge.tunnels.read('blue-harbour')) ?? {};
    expect(sessions['a'.repeat(22)]?.awaySince).to.equal(edge.clock.now() / 1_000);
  });

  it('may run twice, or for a connection that never said ready', async () => {
    const edge = createTestEdge();
    await edge.connect('A=');
    await edge.disconnect('A=');
    await edge.disconnect('A=');
    expect(edge.lines.filter(({ event }) => event === 'agent disconnected')).to.have.lengthOf(2);
  });

  it('may never run: the tunnel serves without it, once the two hours are over at the latest (WS-47)', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await edge.clock.sleep(7_200_000);
    expect((await edge.forward(visit('/blue-harbour/'))).status).to.equal(502);
    expect(agent.received('http_request')).to.deep.equal([]);
  });

  it('tries again where somebody else wrote in between, and not for ever', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    edge.dependencies.tunnels = { ...edge.dependencies.tunnels, write: async () => false };
    const error = await edge.disconnect('A=').catch((thrown: Error) => thrown);
    expect(error).to.be.an.instanceOf(Error);
  });
});
